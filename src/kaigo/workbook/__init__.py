"""The guideline as notebooks: parameters, artifacts between chapters, running, rendering, the committed form."""
