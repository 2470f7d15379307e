"""The reproducibility footer: the command that was given, and only parameters that were in force."""

from pathlib import Path

from kaigo.workbook.params import Params
from kaigo.workbook.record import describe_run, write_command


def test_the_command_of_own_data_names_what_was_given_and_nothing_synthetic() -> None:
    base = Params(persons=20_000)
    params = Params(persons=20_000, data="own data", threshold=20)
    command = write_command(params, ("40_risk",), base=base, out=Path("reports-own"))
    assert command == ("kaigo report --data 'own data' --set threshold=20 --only 40_risk --out reports-own")


def test_a_value_that_undoes_the_file_s_is_named_and_so_is_the_file() -> None:
    command = write_command(Params(), file=Path("params/city.yaml"), base=Params(persons=20_000))
    assert command == "kaigo report --params params/city.yaml --set persons=600"


def test_synthetic_parameters_stand_in_the_footer_of_synthetic_data_only() -> None:
    def labels(params: Params) -> str:
        return "".join(
            label for label, _ in describe_run("今", parameters=params.model_dump(), command="kaigo report")
        )

    names = ("(persons)", "(months)", "(start)", "(municipalities)")
    assert all(name in labels(Params()) for name in names)
    own = labels(Params(data="own"))
    assert not any(name in own for name in names) and "(threshold)" in own and "(data)" in own


def test_no_place_of_a_machine_stands_in_the_footer() -> None:
    for base in ("/care/secret-city", "../../../care/secret-city"):
        params = Params(data=f"{base}/own", standard=f"{base}/x.toml")
        command = write_command(params, out=Path(f"{base}/reports"), file=Path(f"{base}/p.yaml"))
        rows = describe_run("今", parameters=params.model_dump(), command=command)
        assert "secret-city" not in str(rows)
        assert "own" in str(rows) and "x.toml" in command
