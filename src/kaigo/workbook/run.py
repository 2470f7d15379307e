"""Running the chapters by papermill: only declared parameters, the notebook's own folder, no failed run goes further."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from kaigo.errors import InputError, KaigoError, NotebookError
from kaigo.workbook.parameter_cell import read_declared
from kaigo.workbook.params import Params, check_names

if TYPE_CHECKING:
    from nbformat import NotebookNode

INJECTED = "injected-parameters"
# The kernel warns that it talks over TCP and that it was interrupted at its end; neither is a matter of the report.
KERNEL_ARGUMENTS = ("--log-level=50",)
WORKERS = 2


@dataclass(frozen=True)
class ChapterRun:
    """実行し終えた章。

    Attributes
    ----------
    name : str
        "40_risk".
    notebook : NotebookNode
        Executed, with its outputs, without papermill's records.
    seconds : float
        Wall-clock time of the run.
    """

    name: str
    notebook: NotebookNode
    seconds: float


def run_chapters(
    chapters: Sequence[Path],
    params: Params,
    *,
    progress: Callable[[str], None] = lambda _: None,
    workers: int | None = None,
) -> list[ChapterRun]:
    """章を順に(同時に2つまで)実行する。

    Parameters
    ----------
    chapters : sequence of Path
        Notebooks, in the order of the report.
    params : Params
        Each chapter gets those that its ``parameters`` cell declares.
    progress : callable
        Receives one Japanese line a chapter.
    workers : int, optional
        Kernels at once; two by default, one on a single core.

    Returns
    -------
    list of ChapterRun
        In the order of ``chapters``.

    Raises
    ------
    NotebookError
        If a chapter fails, naming chapter and cell; chapters that have not begun are not run.
    """
    sources = [read_source(path) for path in chapters]
    values = [
        _select_parameters(path, source, params) for path, source in zip(chapters, sources, strict=True)
    ]
    number = workers or min(WORKERS, os.cpu_count() or 1)
    finished: dict[str, ChapterRun] = {}
    with ThreadPoolExecutor(max_workers=max(1, number)) as pool:
        tasks: list[Future[ChapterRun]] = [
            pool.submit(run_notebook, path, source, chosen)
            for path, source, chosen in zip(chapters, sources, values, strict=True)
        ]
        try:
            for task in as_completed(tasks):
                run = task.result()
                finished[run.name] = run
                progress(f"{run.name} を実行しました({run.seconds:.1f}秒)")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [finished[path.stem] for path in chapters]


def run_notebook(path: Path, source: NotebookNode, values: Mapping[str, object]) -> ChapterRun:
    """1つの章を実行する。

    Raises
    ------
    NotebookError
        If a cell raises, or writes to standard output or standard error.
    """
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    _register_translator()
    begin = perf_counter()
    try:
        notebook = papermill.execute_notebook(
            source,
            None,
            parameters=dict(values) or None,
            progress_bar=False,
            kernel_name="python3",
            extra_arguments=list(KERNEL_ARGUMENTS),
            # The kernel's own folder; papermill's `cwd` would move the whole process, and other chapters with it.
            resources={"metadata": {"path": str(path.resolve().parent)}},
        )
    except PapermillExecutionError as error:
        raise _explain_failure(path.stem, source, error, injected=bool(values)) from error
    except DeadKernelError as error:
        raise NotebookError(
            f"章 {path.stem} を実行していたカーネルが止まりました。",
            remedy="メモリの空きを確かめるか、persons を小さくしてください。",
        ) from error
    except NoSuchKernel as error:
        raise NotebookError(
            "Python のカーネルが見つかりません。",
            found="python3",
            remedy="make setup をもう一度実行してください。",
        ) from error
    _refuse_streams(path.stem, notebook)
    return ChapterRun(path.stem, _drop_records(notebook), perf_counter() - begin)


def read_source(path: Path) -> NotebookNode:
    """A notebook ready to be run: without outputs, with tags on every cell.

    Raises
    ------
    InputError, NotebookError
        If the file is missing, or no notebook.
    """
    import nbformat

    read: Any = nbformat.read  # not typed
    try:
        notebook: NotebookNode = read(path, as_version=4)
    except FileNotFoundError:
        raise InputError(
            "章のノートブックがありません。", found=path.name, remedy="ファイル名を確かめてください。"
        ) from None
    except (OSError, UnicodeDecodeError, ValueError, nbformat.ValidationError) as error:
        raise NotebookError(
            f"章 {path.stem} のノートブックを読めません。",
            found=type(error).__name__,
            remedy="JupyterLab で開けるかを確かめ、開けなければ元に戻してください。",
        ) from error
    for cell in notebook.cells:
        # papermill expects tags everywhere.
        cell.metadata.setdefault("tags", [])
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _select_parameters(path: Path, source: NotebookNode, params: Params) -> dict[str, object]:
    """The declared ones; nothing is injected where all of them stand at the notebook's own values."""
    declared = read_declared(source, name=f"章 {path.stem}")
    check_names([item.name for item in declared], Params.model_fields)
    values = {item.name: getattr(params, item.name) for item in declared}
    return {} if all(values[item.name] == item.default for item in declared) else values


def _explain_failure(name: str, source: NotebookNode, error: Any, *, injected: bool) -> NotebookError:
    """Chapter and cell as a reader of the notebook counts them, and the user's own error where it is one."""
    position = int(error.cell_index)
    tags = [cell.metadata.get("tags", []) for cell in source.cells]
    place = next((i for i, found in enumerate(tags) if "parameters" in found), -1) + 1
    if injected and position == place:
        where = "指定されたパラメータのセル"
    else:
        where = f"{position + (0 if injected and position > place else 1)}番目のセル"
    what = f"章 {name} の{where}(実行番号 [{error.exec_count}])で失敗しました。"
    if error.ename in _list_own_errors():
        return NotebookError(f"{what}\n  {error.evalue}", remedy="上の対処のあと、もう一度実行してください。")
    return NotebookError(
        what,
        found=f"{error.ename}: {error.evalue}",
        remedy=f"notebooks/{name}.ipynb を JupyterLab で開き、そのセルまで実行して確かめてください。",
    )


def _refuse_streams(name: str, notebook: NotebookNode) -> None:
    """Anything printed or warned in a chapter is a failure: it would differ from machine to machine."""
    injected = 0
    for position, cell in enumerate(notebook.cells, start=1):
        injected += INJECTED in cell.metadata.get("tags", [])
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                raise NotebookError(
                    f"章 {name} の{position - injected}番目のセルが、{output.name} に文字を出しました。",
                    found=output.text.strip()[:200],
                    remedy="警告の原因を直すか、print ではなく Table などで示してください。",
                )


def _drop_records(notebook: NotebookNode) -> NotebookNode:
    """The records of papermill hold machine paths and clock times; the report's footer says what is needed of them."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
    return notebook


def _list_own_errors() -> set[str]:
    names, classes = set(), [KaigoError]
    while classes:
        current = classes.pop()
        names.add(current.__name__)
        classes += current.__subclasses__()
    return names


@cache
def _register_translator() -> None:
    """Japanese values stay readable in the injected cell (papermill would write escapes)."""
    from papermill.translators import PythonTranslator, papermill_translators

    class JapaneseTranslator(PythonTranslator):  # type: ignore[misc]  # papermill is not typed
        @classmethod
        def translate_str(cls, val: str) -> str:
            return repr(val)

    papermill_translators.register("python", JapaneseTranslator)
