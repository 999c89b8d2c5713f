"""Small tables of one making, for tests."""

from __future__ import annotations

from pathlib import Path

TABLES = {
    "airlines.csv": "carrier,name\nAA,American\nUA,United\nDL,Delta\n",
    "airports.csv": (
        "faa,name,lat,alt\nJFK,Kennedy,40.6,13\nLGA,La Guardia,40.7,22\nLAX,Los Angeles,33.9,9\n"
    ),
    "planes.csv": "tailnum;year;seats\nN1;1999;55\nN2;NA;182\nN3;2004;200\n",
    "flights.csv": (
        "year,month,day,carrier,flight,tailnum,origin,dest,delay,time_hour\n"
        "2013,1,1,AA,11,N1,JFK,LAX,NA,2013-01-01T05:00:00Z\n"
        "2013,1,1,UA,11,N2,JFK,LAX,2,2013-01-01T05:00:00Z\n"
        "2013,1,1,AA,14,N9,JFK,LAX,-4,2013-01-01T06:00:00Z\n"
        "2013,1,2,DL,12,N3,LGA,SJU,7,2013-01-02T05:00:00Z\n"
        "2013,1,2,AA,13,,LAX,JFK,9,2013-01-01T06:00:00Z\n"
    ),
    "weather.csv": (
        "origin,temp,time_hour\n"
        "JFK,1.5,2013-01-01T05:00:00Z\nLGA,2.5,2013-01-01T05:00:00Z\n"
        "JFK,2,2013-01-01T06:00:00Z\nLGA,4,2013-01-02T05:00:00Z\n"
    ),
}


def write(folder: Path, tables: dict[str, str] = TABLES) -> list[str]:
    """Write tables, and return the paths of their files."""
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in tables]
