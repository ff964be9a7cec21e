"""`qsac cache`: shows and clears the cache of compiled programs."""

from __future__ import annotations

import json

import click

from qsac.cli.messages import say, warn, write


@click.command("cache")
@click.option("--clear", is_flag=True, help="Remove every entry.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(clear: bool, as_json: bool) -> None:
    """Show the cache of compiled programs, or clear it.

    The environment variables QSAC_CACHE_DIR and QSAC_CACHE_LIMIT (MiB) set its folder and its largest size.
    """
    from qsac.artifact.cache import Cache

    cache = Cache(warn=warn)
    removed = cache.clear() if clear else None
    left = cache.usage()
    if as_json:
        facts = {"folder": str(cache.folder), "entries": left.entries, "bytes": left.bytes, "limit": cache.limit}
        if removed is not None:
            facts |= {"removed_entries": removed.entries, "removed_bytes": removed.bytes}
        write(json.dumps(facts, indent=2))
        return
    if removed is not None:
        say(f"removed {removed.entries:,} entries, {removed.bytes:,} bytes")
    say(f"{cache.folder}: {left.entries:,} entries, {left.bytes:,} of at most {cache.limit:,} bytes")
