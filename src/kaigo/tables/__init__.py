"""What a care table is: columns, codes, the 74 survey items, 和暦; validation; counting persons in classes."""

from kaigo.tables.births import BIRTH_COLUMNS, show_birth
from kaigo.tables.care_tables import CareTables, write_manifest
from kaigo.tables.classes import ClassCounts, count_classes
from kaigo.tables.codes import (
    find_limit,
    level_name,
    load_care_levels,
    load_service_codes,
    load_service_kinds,
    service_labels,
)
from kaigo.tables.content_hash import hash_table
from kaigo.tables.schema import PERSON_KEY, Column, ColumnClass, TableSchema, load_schemas
from kaigo.tables.survey import SurveyItem, find_survey_item, load_survey_items, survey_columns
from kaigo.tables.wareki import format_date, format_month, parse_date, parse_month

__all__ = [
    "BIRTH_COLUMNS",
    "PERSON_KEY",
    "CareTables",
    "ClassCounts",
    "Column",
    "ColumnClass",
    "SurveyItem",
    "TableSchema",
    "count_classes",
    "find_limit",
    "find_survey_item",
    "format_date",
    "format_month",
    "hash_table",
    "level_name",
    "load_care_levels",
    "load_schemas",
    "load_service_codes",
    "load_service_kinds",
    "load_survey_items",
    "parse_date",
    "parse_month",
    "service_labels",
    "show_birth",
    "survey_columns",
    "write_manifest",
]
