"""Starts real stores for a test and stops them after it.

Each is found where its usual package installs it; a store that is not installed is skipped with
the reason. Jars come from a folder that Maven fills once: ``KG_STORES``, by default
``~/.cache/kg-stores``.
"""

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("KG_STORES", Path.home() / ".cache" / "kg-stores"))
REPOSITORY = Path.home() / ".m2" / "repository"
FUSEKI, RDF4J, JETTY = "5.6.0", "4.1.3", "9.4.54.v20240208"  # the first as in pom.xml
STORES = ("oxigraph", "fuseki", "rdf4j", "virtuoso")
_START = 120.0  # seconds that a store may take to come up


@dataclass(frozen=True)
class Store:
    """A running store.

    Attributes:
        push_url: Its Graph Store URL.
        endpoint: Its SPARQL endpoint, whose default graph is the union of all graphs.
        environment: The login, as environment variables of kg.
    """

    name: str
    push_url: str
    endpoint: str
    environment: dict[str, str] = field(default_factory=dict)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(command: Sequence[str], folder: Path, url: str) -> Iterator[None]:
    """Start a server, wait until its page answers, and stop it afterwards."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(url, process, folder)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            time.sleep(0.3)
            continue
        return
    log = (folder / "server.log").read_text(errors="replace")[-500:]
    pytest.fail(f"the server did not come up: {log}")


def call(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=600)


def needed(*names: str) -> None:
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@contextmanager
def oxigraph(folder: Path, bulk: Path | None) -> Iterator[Store]:
    binary = os.environ.get("KG_OXIGRAPH") or shutil.which("oxigraph")
    if binary is None:
        pytest.skip("not installed: oxigraph (set KG_OXIGRAPH to the program)")
    if bulk:
        call(binary, "load", "--location", "db", "--file", str(bulk), cwd=folder)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [binary, "serve", "--location", "db", "--bind", f"127.0.0.1:{port}"]
    with running([*command, "--union-default-graph"], folder, f"{url}/"):
        yield Store("oxigraph", f"{url}/store", f"{url}/query")


@contextmanager
def fuseki(folder: Path, bulk: Path | None) -> Iterator[Store]:
    needed("java", "mvn")
    jars = CACHE / "fuseki"
    if not jars.is_dir():
        pom = str(Path(__file__).with_name("pom.xml"))
        goal = "dependency:copy-dependencies"
        call("mvn", "-q", "-B", "-f", pom, goal, f"-DoutputDirectory={jars}", cwd=folder)
    java = ["java", "-Xmx1g", "-cp", f"{jars}/*"]
    (folder / "db").mkdir()
    if bulk:
        call(*java, "tdb2.tdbloader", "--loc", "db", str(bulk), cwd=folder)
    port = free_port()
    main = ["org.apache.jena.fuseki.main.cmds.FusekiMainCmd", "--localhost", "--tdb2"]
    union = ["--set", "tdb2:unionDefaultGraph=true"]
    command = [*java, *main, "--loc", "db", "--update", *union, "--port", str(port), "/ds"]
    url = f"http://127.0.0.1:{port}/ds"
    with running(command, folder, f"{url}/sparql"):
        yield Store("fuseki", f"{url}/data", f"{url}/sparql")


_RDF4J_CONFIG = """
@prefix rep: <http://www.openrdf.org/config/repository#> .
@prefix sr: <http://www.openrdf.org/config/repository/sail#> .
@prefix sail: <http://www.openrdf.org/config/sail#> .
[] a rep:Repository ; rep:repositoryID "kg" ; rep:repositoryImpl [
  rep:repositoryType "openrdf:SailRepository" ;
  sr:sailImpl [ sail:sailType "openrdf:NativeStore" ] ] .
"""


@contextmanager
def rdf4j(folder: Path, bulk: Path | None) -> Iterator[Store]:
    needed("java", "mvn")
    war = REPOSITORY / f"org/eclipse/rdf4j/rdf4j-http-server/{RDF4J}/rdf4j-http-server-{RDF4J}.war"
    jetty = REPOSITORY / f"org/eclipse/jetty/jetty-runner/{JETTY}/jetty-runner-{JETTY}.jar"
    wanted = {
        war: f"org.eclipse.rdf4j:rdf4j-http-server:{RDF4J}:war",
        jetty: f"org.eclipse.jetty:jetty-runner:{JETTY}",
    }
    for path, artifact in wanted.items():
        if not path.is_file():
            options = ["-Dtransitive=false", f"-Dartifact={artifact}"]
            call("mvn", "-q", "-B", "dependency:get", *options, cwd=folder)
    port = free_port()
    url = f"http://127.0.0.1:{port}/rdf4j-server"
    command = ["java", "-Xmx1g", f"-Dorg.eclipse.rdf4j.appdata.basedir={folder}/data"]
    command += ["-jar", str(jetty), "--port", str(port), "--path", "/rdf4j-server", str(war)]
    repository = f"{url}/repositories/kg"
    with running(command, folder, f"{url}/protocol"):
        send("PUT", repository, _RDF4J_CONFIG.encode(), "text/turtle")
        if bulk:
            send("POST", f"{repository}/statements", bulk.read_bytes(), "application/n-quads")
        yield Store("rdf4j", f"{repository}/rdf-graphs/service", repository)


def send(method: str, url: str, body: bytes, kind: str) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": kind}, method=method)
    urllib.request.urlopen(request, timeout=300).close()


_VIRTUOSO_CONFIG = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = {sql}
DisableUnixSocket = 1
DirsAllowed = ., {folder}
NumberOfBuffers = 20000
MaxDirtyBuffers = 12000
[HTTPServer]
ServerPort = {http}
ServerRoot = vsp
ServerThreads = 10
[SPARQL]
ResultSetMaxRows = 1000000
"""


@contextmanager
def virtuoso(folder: Path, bulk: Path | None) -> Iterator[Store]:
    needed("virtuoso-t", "isql-vt")
    sql, http = free_port(), free_port()
    text = _VIRTUOSO_CONFIG.format(sql=sql, http=http, folder=folder)
    (folder / "virtuoso.ini").write_text(text)
    url = f"http://127.0.0.1:{http}"
    command = ["virtuoso-t", "-f", "+configfile", "virtuoso.ini"]
    with running(command, folder, f"{url}/sparql"):
        if bulk:
            shutil.copy(bulk, folder / "bulk.nq")
            load = f"ld_dir('{folder}', 'bulk.nq', 'http://example.org/unused');"
            load += " rdf_loader_run(); checkpoint;"
            call("isql-vt", str(sql), "dba", "dba", f"exec={load}", cwd=folder)
        login = {"KG_USER": "dba", "KG_PASSWORD": "dba"}
        yield Store("virtuoso", f"{url}/sparql-graph-crud-auth", f"{url}/sparql", login)


def version(name: str) -> str:
    """Return the name and version of an installed store, for a table."""
    if name == "oxigraph":
        said = printed(os.environ.get("KG_OXIGRAPH") or "oxigraph", "--version")
        return f"Oxigraph {said.removeprefix('oxigraph ').strip()}"
    if name == "virtuoso":
        found = re.search(r"Version (\S+?)-", printed("virtuoso-t", "-?"))
        return f"Virtuoso {found[1] if found else ''}"
    return f"Fuseki {FUSEKI}, TDB2" if name == "fuseki" else f"RDF4J {RDF4J}, native store"


def printed(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "(not installed)"
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return ended.stdout + ended.stderr


STARTERS = {"oxigraph": oxigraph, "fuseki": fuseki, "rdf4j": rdf4j, "virtuoso": virtuoso}
