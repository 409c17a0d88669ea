"""What is known of calls for the types of values: those that give one type, whatever they are given."""

from __future__ import annotations

import ast

FRAME, SERIES = "pandas.DataFrame", "pandas.Series"

DISPLAYS: dict[type[ast.AST], str] = {
    ast.JoinedStr: "str", ast.List: "list", ast.ListComp: "list", ast.Dict: "dict", ast.DictComp: "dict",
    ast.Set: "set", ast.SetComp: "set", ast.Tuple: "tuple",
}  # fmt: skip

BUILTINS = {
    **{name: name for name in ("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "range", "set",
                               "str", "tuple")},
    "sorted": "list", "len": "int", "repr": "str",
}  # fmt: skip

MATH = frozenset(
    [
        "acos",
        "asin",
        "atan",
        "atan2",
        "cos",
        "degrees",
        "dist",
        "erf",
        "erfc",
        "exp",
        "expm1",
        "fabs",
        "fmod",
        "fsum",
        "gamma",
        "hypot",
        "lgamma",
        "log",
        "log10",
        "log1p",
        "log2",
        "pow",
        "radians",
        "sin",
        "sqrt",
        "tan",
    ]
)

# NumPy functions that give an array, never a scalar
ARRAYS = frozenset(
    [
        "arange",
        "array",
        "asarray",
        "column_stack",
        "concatenate",
        "empty",
        "eye",
        "full",
        "hstack",
        "identity",
        "linspace",
        "ones",
        "stack",
        "vstack",
        "zeros",
    ]
)

# pandas functions that give a frame, with as many arguments by position as cannot ask for anything else
FRAMES = {"read_csv": 1, "read_table": 1, "read_fwf": 1, "read_excel": 1, "read_json": 1, "read_parquet": 9, "read_feather": 9,
          "read_sql": 2, "read_sql_query": 2, "read_sql_table": 2, "get_dummies": 9, "merge": 9, "melt": 9, "pivot_table": 9,
          "crosstab": 9}  # fmt: skip

CALLS = {
    **{name: name for name in (
        "pandas.DataFrame", "pandas.Series", "collections.Counter", "collections.OrderedDict", "collections.defaultdict",
        "collections.deque", "pathlib.Path", "datetime.date", "datetime.datetime", "datetime.timedelta", "decimal.Decimal",
        "fractions.Fraction", "random.Random")},
    "numpy.random.default_rng": "numpy.random.Generator",
    "pandas.date_range": "pandas.DatetimeIndex",
    "re.compile": "re.Pattern",
    "sklearn.compose.make_column_transformer": "sklearn.compose.ColumnTransformer",
    "sklearn.pipeline.make_pipeline": "sklearn.pipeline.Pipeline",
    "sqlite3.connect": "sqlite3.Connection",
}  # fmt: skip

# methods that give what they are called on again, or a copy of it that is of its type
ON_FRAMES = frozenset(
    [
        "abs",
        "assign",
        "astype",
        "bfill",
        "clip",
        "copy",
        "corr",
        "cov",
        "cumsum",
        "describe",
        "diff",
        "drop",
        "drop_duplicates",
        "dropna",
        "explode",
        "ffill",
        "fillna",
        "head",
        "isna",
        "isnull",
        "join",
        "melt",
        "merge",
        "nlargest",
        "notna",
        "notnull",
        "nsmallest",
        "pivot",
        "pivot_table",
        "query",
        "reindex",
        "rename",
        "replace",
        "reset_index",
        "round",
        "sample",
        "select_dtypes",
        "set_index",
        "shift",
        "sort_index",
        "sort_values",
        "tail",
        "transpose",
    ]
)
ON_SERIES = frozenset(
    [
        "abs",
        "astype",
        "bfill",
        "clip",
        "copy",
        "cumsum",
        "diff",
        "dropna",
        "ffill",
        "fillna",
        "head",
        "isna",
        "isnull",
        "map",
        "notna",
        "notnull",
        "replace",
        "round",
        "shift",
        "sort_index",
        "sort_values",
        "tail",
    ]
)
# attributes of a frame that are no columns, and no rows
PLAIN_ATTRIBUTES = frozenset({"attrs", "axes", "empty", "flags", "ndim", "shape", "size"})

TEXT_METHODS = frozenset(
    ["capitalize", "format", "join", "lower", "lstrip", "replace", "rstrip", "strip", "title", "upper"]
)
