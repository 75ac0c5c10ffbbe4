"""Writes the TOML that garde reads: tables, arrays of tables, strings, numbers, booleans and lists of strings."""

import json


def dump(tables):
    """`tables` maps names to values; a dict becomes a table, a list of dicts an array of tables."""
    lines = []
    _write(lines, tables, [])
    return "\n".join(lines) + "\n"


def _is_table_list(value):
    return isinstance(value, list) and value and isinstance(value[0], dict)


def _write(lines, table, path):
    nested = []
    for key, value in table.items():
        if isinstance(value, dict) or _is_table_list(value):
            nested.append((key, value))
        else:
            lines.append(f"{key} = {_value(value)}")
    for key, value in nested:
        name = ".".join([*path, key])
        for one in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{name}]]" if isinstance(value, list) else f"[{name}]"]
            _write(lines, one, [*path, key])


def _value(value):
    # JSON's strings, numbers, booleans and lists are TOML's too.
    return json.dumps(str(value) if not isinstance(value, (bool, int, list)) else value, ensure_ascii=False)
