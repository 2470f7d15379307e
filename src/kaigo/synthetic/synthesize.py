"""From a plan to care tables on disk."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq

from kaigo.engine import EngineSpec, atomic_folder, open_engine
from kaigo.errors import KaigoError, OutputError, ParameterError
from kaigo.synthetic.arrow_tables import insured_numbers, make_benefits, make_certifications, make_persons
from kaigo.synthetic.benefits import write_lines
from kaigo.synthetic.block_course import follow_block
from kaigo.synthetic.bundles import fill_slots, find_segments
from kaigo.synthetic.catalogue import load_catalogue
from kaigo.synthetic.faults import FAULTS_FILE, check_fault_rate, write_faults
from kaigo.synthetic.faults_plant import plant_faults
from kaigo.synthetic.parameters import Parameters, load_parameters
from kaigo.synthetic.plan import SynthesisPlan
from kaigo.synthetic.register import make_register
from kaigo.synthetic.replay import summarise_truth
from kaigo.synthetic.streams import Block, group_blocks, list_blocks
from kaigo.synthetic.truth import TRUTH_TABLES, make_truth
from kaigo.tables.care_tables import CareTables, write_manifest
from kaigo.tables.municipal_csv import write_municipal_csv
from kaigo.tables.schema import load_schemas

TRUTH = "truth"
CSV = "csv"
ROW_GROUP = 262_144
HASH_MEMORY = "800MB"


@dataclass(frozen=True)
class BlockTables:
    """1ブロック分の表(Arrow)。``truth`` holds what no one would know in reality."""

    care: dict[str, pa.Table]
    truth: dict[str, pa.Table]


def generate_block(block: Block, plan: SynthesisPlan, parameters: Parameters | None = None) -> BlockTables:
    """1ブロック(最大8,192人)の3つの表と真の状態を作る。

    The same for the same block, whatever else is generated beside it.
    """
    parameters, catalogue = parameters or load_parameters(), load_catalogue()
    schemas = {name: schema.arrow for name, schema in load_schemas().items()}
    followed = follow_block(block, plan, parameters)
    persons, diseases, providers = followed.persons, followed.diseases, followed.providers
    course = followed.course
    certifications = course.certifications.close()
    segments = find_segments(course.level, course.pattern)
    slots = fill_slots(block, plan, segments, course.use, catalogue, parameters.benefits)
    lines = write_lines(block, plan, course, segments, slots, providers, catalogue, parameters.benefits)
    numbers = insured_numbers(persons)
    return BlockTables(
        care={
            "persons": make_persons(
                block, plan, persons, numbers, certifications, course.exits, schemas["persons"]
            ),
            "certifications": make_certifications(
                block, numbers, certifications, diseases, schemas["certifications"]
            ),
            "benefits": make_benefits(block, plan, numbers, lines, providers, catalogue, schemas["benefits"]),
        },
        truth=make_truth(block, numbers, followed)
        | {
            "register": make_register(
                block, plan, numbers, persons, course, lines, catalogue, parameters.register
            )
        },
    )


def write_chunk(
    folder: Path, plan: SynthesisPlan, blocks: tuple[Block, ...], parameters: Parameters | None = None
) -> int:
    """いくつかのブロックを作り、表ごとに1つのParquetファイルに書く。

    Files are named by the first block, so their order is the order of persons.

    Returns
    -------
    int
        Persons written.
    """
    name = f"part-{blocks[0].municipality:05d}-{blocks[0].index:05d}.parquet"
    tables = [generate_block(block, plan, parameters) for block in blocks]
    for table in load_schemas():
        _write_parts(folder / table / name, [each.care[table] for each in tables])
    for table in TRUTH_TABLES:
        _write_parts(folder / TRUTH / table / name, [each.truth[table] for each in tables])
    return sum(block.size for block in blocks)


def _write_parts(path: Path, parts: list[pa.Table]) -> None:
    schema = parts[0].schema
    # Smallest and greatest text of a row group help nobody where every row group has nearly all of them.
    measured = [field.name for field in schema if not _is_text(field.type) or field.name == "insurer_number"]
    # Without the Arrow schema the dictionary-encoded texts are read back as plain text.
    with pq.ParquetWriter(
        path, schema, compression="zstd", store_schema=False, write_statistics=measured
    ) as writer:
        for part in parts:
            writer.write_table(part, row_group_size=ROW_GROUP)


def _is_text(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_string(dtype) or pa.types.is_dictionary(dtype))


def synthesize(
    out: Path,
    plan: SynthesisPlan,
    *,
    csv: bool = False,
    faults: float = 0.0,
    processes: int = 1,
    blocks_per_chunk: int = 4,
    progress: Callable[[int, int], None] | None = None,
    engine: str = "duckdb",
    parameters: Parameters | None = None,
) -> CareTables:
    """合成の介護データ一式を作る。

    Parameters
    ----------
    out : pathlib.Path
        Folder to make: ``persons/``, ``certifications/``, ``benefits/`` (zstd Parquet), ``truth/`` and
        ``manifest.json``. It appears whole or not at all.
    plan : SynthesisPlan
        Persons, months, first month, municipalities, seed.
    csv : bool
        Also write ``csv/`` as a municipality has its files (CP932, 和暦).
    faults : float
        Share of the rows of the CSV files (0 to 0.5) that get a fault; ``truth/faults.csv`` lists them. The
        Parquet tables stay sound.
    processes, blocks_per_chunk : int
        Speed and memory only: the content of the tables does not depend on them.
    progress : callable, optional
        Called with persons done and persons in all.
    engine : str
        Engine that counts and hashes the tables.
    parameters : Parameters, optional
        Numbers of the generator; those shipped if not given.

    Returns
    -------
    CareTables

    Raises
    ------
    ParameterError
        If ``processes`` or ``blocks_per_chunk`` is not at least 1, or ``faults`` is out of range or without ``csv``.
    OutputError
        If the folder cannot be written, the disk is full, or the folder holds something else than synthetic
        care tables.
    """
    _check_at_least_one("プロセス数(processes)", processes)
    _check_at_least_one("一度に作るかたまりの数(blocks_per_chunk)", blocks_per_chunk)
    check_fault_rate(faults, csv=csv)
    out = Path(out)
    _check_out_folder(out)
    chunks = group_blocks(list_blocks(plan, parameters or load_parameters()), blocks_per_chunk)
    described: dict[str, str | int | float] = plan.as_parameters() | ({"faults": faults} if faults else {})
    with atomic_folder(out) as fresh:
        (fresh / TRUTH).mkdir(mode=0o700)
        for name in (*load_schemas(), *(f"{TRUTH}/{table}" for table in TRUTH_TABLES)):
            (fresh / name).mkdir()
        done = 0
        for persons in _write_chunks(fresh, plan, chunks, processes, parameters):
            done += persons
            if progress:
                progress(done, plan.persons)
        summarise_truth(fresh / TRUTH)
        with open_engine(_bounded(engine)) as session:
            manifest = write_manifest(
                fresh, parameters=described, synthetic=True, seed=plan.seed, engine=session
            )
        if csv:
            write_municipal_csv(CareTables(fresh, manifest), fresh / CSV)
        if faults:
            write_faults(fresh / TRUTH / FAULTS_FILE, plant_faults(fresh / CSV, faults, plan.seed))
    return CareTables.open(out)


def _check_at_least_one(what: str, value: int) -> None:
    if value < 1:
        raise ParameterError(f"{what}が範囲の外です。", found=value, remedy="1以上の整数にしてください。")


def _check_out_folder(out: Path) -> None:
    """The new folder takes the old one's place, so it must not be a folder with other things in it."""
    if out.exists() and not out.is_dir():
        raise OutputError(
            "書き込み先と同じ名前のファイルがあります。",
            found=out,
            remedy="--out に別の名前を指定してください。",
        )
    if out.is_dir() and any(out.iterdir()):
        try:
            replaceable = CareTables.open(out).is_synthetic
        except KaigoError:
            replaceable = False
        if not replaceable:
            raise OutputError(
                "書き込み先のフォルダに、合成の介護データ以外のものが入っています。",
                found=out,
                remedy="--out に新しいフォルダの名前を指定してください。",
            )


def _write_chunks(
    folder: Path,
    plan: SynthesisPlan,
    chunks: list[tuple[Block, ...]],
    processes: int,
    parameters: Parameters | None,
) -> Iterator[int]:
    if processes == 1 or len(chunks) == 1:
        for chunk in chunks:
            yield write_chunk(folder, plan, chunk, parameters)
        return
    with ProcessPoolExecutor(
        min(processes, len(chunks)), mp_context=get_context("spawn"), initializer=_end_with_parent
    ) as pool:
        tasks = [pool.submit(write_chunk, folder, plan, chunk, parameters) for chunk in chunks]
        try:
            for task in tasks:
                yield task.result()
        finally:
            for task in tasks:
                task.cancel()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, with its memory: it ends instead."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _bounded(engine: str) -> EngineSpec:
    """The engine that hashes the tables; unless told otherwise it spills early, as generation itself needs little."""
    spec = EngineSpec.parse(engine)
    return spec if "memory" in engine else dataclasses.replace(spec, memory_limit=HASH_MEMORY)
