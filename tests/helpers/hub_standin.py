"""A Hub on loopback for tests: the part of its HTTP interface that huggingface_hub 2.4 uses here.

    with Hub() as hub:
        hub.url        # for HF_ENDPOINT
        hub.fail("PUT", "/objects/", cut=True)

Large files are kept below another host name, as the Hub keeps them at a storage host.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

WRITER, READER = "hf_writerwriterwriterwriterwriter", "hf_readerreaderreaderreaderreader"
REPO = r"(?P<repo>[^/]+/[^/]+)"
API = rf"/api/(?P<kind>models|spaces|datasets)/{REPO}"
FILES = rf"(?:/(?P<kind>spaces|datasets))?/{REPO}"


@dataclass
class File:
    data: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def oid(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()


@dataclass
class Commit:
    sha: str
    title: str
    files: dict[str, File]


@dataclass
class Repo:
    private: bool = False
    sdk: str | None = None  # of a Space
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def commit(self, title: str, files: dict[str, File]) -> str:
        contents = repr((len(self.commits), title, sorted((n, f.oid) for n, f in files.items())))
        self.commits.append(Commit(hashlib.sha1(contents.encode()).hexdigest(), title, files))
        return self.commits[-1].sha

    def at(self, revision: str) -> Commit | None:
        sha = self.commits[-1].sha if revision == "main" else self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit.sha == sha), None)


@dataclass
class Fault:
    """An error in the answers to the first `times` requests with this method and path (a regex)."""

    method: str
    path: str
    times: int
    status: int | None = None
    text: str = ""
    cut: bool = False  # receive or send half of the body, then close the connection
    corrupt: bool = False  # send other bytes, as many
    silent: bool = False  # never answer


class Hub(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.storage_url = f"http://localhost:{self.server_port}/objects"
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.storage_headers: list[str] = []
        self.free_account = False
        self.stopped = threading.Event()
        self.faults: list[Fault] = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def environment(self, folder: Path) -> dict[str, str]:
        """The variables with which a process uses this Hub, logged in to write.

        The process keeps its files in `folder`.
        """
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(folder / "home"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_TOKEN": WRITER,
        }

    def stop(self) -> None:
        """Stop serving. Open connections end, too."""
        self.stopped.set()
        self.shutdown()
        self.server_close()

    def fail(self, method: str, path: str, times: int = 1_000_000, **fault: Any) -> None:
        """Answer requests with an error, see `Fault`."""
        self.faults.append(Fault(method, path, times, **fault))

    def create(
        self, name: str, kind: str = "models", private: bool = False, sdk: str | None = None
    ) -> Repo:
        repo = self.repos[kind, name] = Repo(private, sdk)
        repo.commit("initial commit", {".gitattributes": File(b"*.pb filter=lfs\n", False)})
        return repo

    def store(self, name: str, folder: Path, private: bool = False) -> str:
        """Create a repository with the files in `folder`; returns the sha of its commit."""
        files = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            file = File(path.read_bytes(), is_binary(path.read_bytes()))
            self.objects[file.sha256] = file.data
            files[path.relative_to(folder).as_posix()] = file
        return self.create(name, private=private).commit("stored", files)


class RefusedError(Exception):
    def __init__(self, status: int, message: str, code: str = "") -> None:
        self.status, self.message, self.code = status, message, code


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def handle_any(self) -> None:
        path = unquote(urlsplit(self.path).path)
        with self.server.lock:
            self.server.requests.append(f"{self.command} {path}")
            now = (f for f in self.server.faults if f.times and f.method == self.command)
            self.fault = next((fault for fault in now if re.search(fault.path, path)), None)
            if self.fault:
                self.fault.times -= 1
        if self.fault and self.fault.silent:
            self.server.stopped.wait(60)
        if self.server.stopped.is_set():
            return self.hang_up()
        length = int(self.headers.get("Content-Length") or 0)
        if self.fault and self.fault.cut and self.command in ("PUT", "POST"):
            self.rfile.read(length // 2)
            return self.hang_up()
        body = self.rfile.read(length)
        try:
            if self.fault and self.fault.status:
                return self.send(self.fault.text.encode(), self.fault.status)
            if path.startswith("/objects/"):
                return self.storage(path, body)
            self.token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if self.token not in ("", WRITER, READER):
                raise RefusedError(401, "Invalid credentials in Authorization header")
            self.route(path, body)
        except RefusedError as refused:
            headers = {"X-Error-Code": refused.code, "X-Error-Message": refused.message}
            self.send({"error": refused.message}, refused.status, headers)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def send(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.fault and self.fault.cut:
            # A request that resumes a download gets no bytes at all, so it fails, too.
            self.wfile.write(data[: 0 if "Range" in self.headers else len(data) // 2])
            return self.hang_up()
        if self.fault and self.fault.corrupt:
            data = bytes(255 - byte for byte in data)
        self.wfile.write(data)

    def storage(self, path: str, body: bytes) -> None:
        self.server.storage_headers.append(str(self.headers))
        oid = path.rsplit("/", 1)[-1]
        if self.command == "PUT":
            if hashlib.sha256(body).hexdigest() != oid:
                raise RefusedError(400, "the checksum differs")
            self.server.objects[oid] = body
            return self.send({})
        self.send_range(self.server.objects[oid], {"ETag": f'"{oid}"'})

    def send_range(self, data: bytes, headers: dict[str, str]) -> None:
        if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            start = int(asked[1])
            span = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return self.send(data[start:], 206, headers | {"Content-Range": span})
        self.send(data, 200, headers)

    def route(self, path: str, body: bytes) -> None:
        if path == "/api/agent-harnesses":
            return self.send({"standardEnvVars": [], "harnesses": {}})
        if path == "/api/validate-yaml":
            return self.send({"errors": [], "warnings": []})
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        routes: dict[str, Callable[[Repo, Commit, bytes], None]] = {
            rf"{API}": self.info,
            rf"{API}/revision/(?P<revision>[^/]+)": self.info,
            rf"{API}/refs": self.refs,
            rf"{API}/tree/(?P<revision>[^/]+)": self.tree,
            rf"{API}/preupload/(?P<revision>[^/]+)": self.preupload,
            rf"{API}/commit/(?P<revision>[^/]+)": self.commit,
            rf"{API}/tag/(?P<revision>[^/]+)": self.tag,
            rf"{API}/variables": self.variables,
            rf"{FILES}\.git/info/lfs/objects/batch": self.batch,
            rf"{FILES}/resolve/(?P<revision>[^/]+)/(?P<file>.+)": self.resolve,
        }
        for pattern, answer in routes.items():
            if found := re.fullmatch(pattern, path):
                self.kind = found["kind"] or "models"
                self.name = found["repo"]
                self.file = found.groupdict().get("file", "")
                repo, revision = self.repo(), found.groupdict().get("revision", "main")
                if commit := repo.at(revision):
                    return answer(repo, commit, body)
                raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        raise RefusedError(404, f"no such route: {path}")

    def repo(self) -> Repo:
        repo = self.server.repos.get((self.kind, self.name))
        if repo is None or (repo.private and not self.token):
            raise RefusedError(404, "Repository not found", "RepoNotFound")
        if self.command not in ("GET", "HEAD") and self.token != WRITER:
            raise RefusedError(401 if not self.token else 403, "this token cannot write here")
        return repo

    def create(self, asked: dict[str, Any]) -> None:
        name, kind = f"{asked['organization']}/{asked['name']}", asked.get("type", "model") + "s"
        if self.token != WRITER:
            raise RefusedError(403 if self.token else 401, "this token cannot create repositories")
        if asked.get("sdk") == "gradio" and self.server.free_account:
            raise RefusedError(402, "Gradio Spaces need a PRO subscription")
        prefix = "" if kind == "models" else f"/{kind}"
        answer = {"url": f"{self.server.url}{prefix}/{name}"}
        if (kind, name) in self.server.repos:
            return self.send(answer | {"error": "You already created this repo"}, 409)
        self.server.create(name, kind, asked.get("visibility") == "private", asked.get("sdk"))
        self.send(answer)

    def info(self, repo: Repo, commit: Commit, body: bytes) -> None:
        answer: dict[str, Any] = {"id": self.name, "sha": commit.sha, "private": repo.private}
        answer["siblings"] = [{"rfilename": name} for name in commit.files]
        if self.kind == "spaces":
            domain = "static.hf.space" if repo.sdk == "static" else "hf.space"
            answer["host"] = f"https://{re.sub(r'[^a-z0-9]+', '-', self.name.lower())}.{domain}"
        self.send(answer)

    def refs(self, repo: Repo, commit: Commit, body: bytes) -> None:
        tags = [{"name": n, "ref": n, "targetCommit": sha} for n, sha in repo.tags.items()]
        heads = [{"name": "main", "ref": "main", "targetCommit": commit.sha}]
        self.send({"branches": heads, "tags": tags, "converts": []})

    def tree(self, repo: Repo, commit: Commit, body: bytes) -> None:
        entries: list[dict[str, Any]] = []
        for name, entry in commit.files.items():
            size = len(entry.data)
            entries.append({"type": "file", "path": name, "size": size, "oid": entry.oid})
            if entry.large:
                entries[-1]["lfs"] = {"oid": entry.sha256, "size": size, "pointerSize": 130}
        self.send(entries)

    def preupload(self, repo: Repo, commit: Commit, body: bytes) -> None:
        answers: list[dict[str, Any]] = []
        for asked in json.loads(body)["files"]:
            mode = "lfs" if is_binary(base64.b64decode(asked["sample"])) else "regular"
            old = commit.files.get(asked["path"])
            oid = old and (old.sha256 if old.large else old.oid)
            answer = {"path": asked["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}
            answers.append(answer)
        self.send({"files": answers})

    def batch(self, repo: Repo, commit: Commit, body: bytes) -> None:
        objects = []
        for asked in json.loads(body)["objects"]:
            answer = {"oid": asked["oid"], "size": asked["size"]}
            if asked["oid"] not in self.server.objects:
                href = f"{self.server.storage_url}/{asked['oid']}"
                answer["actions"] = {"upload": {"href": href}}
            objects.append(answer)
        self.send({"transfer": "basic", "objects": objects})

    def commit(self, repo: Repo, commit: Commit, body: bytes) -> None:
        files, header = dict(commit.files), {}
        for line in body.splitlines():
            key, value = (item := json.loads(line))["key"], item["value"]
            if key == "header":
                header = value
                if value.get("parentCommit", commit.sha) != commit.sha:
                    raise RefusedError(412, "A commit has happened since")
            elif key == "file":
                files[value["path"]] = File(base64.b64decode(value["content"]), False)
            elif key == "lfsFile":
                if value["oid"] not in self.server.objects:
                    raise RefusedError(400, "LFS pointer to a file that was not uploaded")
                files[value["path"]] = File(self.server.objects[value["oid"]], True)
            elif key == "deletedFile":
                del files[value["path"]]
        sha = repo.commit(header["summary"], files)
        prefix = "" if self.kind == "models" else f"/{self.kind}"
        url = f"{self.server.url}{prefix}/{self.name}/commit/{sha}"
        self.send({"success": True, "commitUrl": url, "commitOid": sha})

    def tag(self, repo: Repo, commit: Commit, body: bytes) -> None:
        tag = json.loads(body)["tag"]
        if tag in repo.tags:
            raise RefusedError(409, "Tag reference exists already")
        repo.tags[tag] = commit.sha
        self.send({})

    def variables(self, repo: Repo, commit: Commit, body: bytes) -> None:
        if self.command == "POST":
            asked = json.loads(body)
            repo.variables[asked["key"]] = asked["value"]
        self.send({key: {"key": key, "value": value} for key, value in repo.variables.items()})

    def resolve(self, repo: Repo, commit: Commit, body: bytes) -> None:
        headers = {"X-Repo-Commit": commit.sha}
        if self.file not in commit.files:
            raise RefusedError(404, "Entry not found", "EntryNotFound")
        file = commit.files[self.file]
        if not file.large:
            return self.send_range(file.data, headers | {"ETag": f'"{file.oid}"'})
        headers |= {
            "X-Linked-Etag": f'"{file.sha256}"',
            "X-Linked-Size": str(len(file.data)),
            "Location": f"{self.server.storage_url}/{file.sha256}",
        }
        self.send(b"", 302, headers)

    def log_message(self, *_: object) -> None:
        """Print nothing: the tests read `Hub.requests`."""


def is_binary(data: bytes) -> bool:
    return bool(set(data) & set(range(9)))
