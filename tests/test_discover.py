"""Discovery: which files are looked at, as what, and what is told about the rest."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from brokerlint.discover import discover
from brokerlint.listing import LARGEST


def tree(root: Path, *paths: str) -> Path:
    """Make the files ``paths`` below ``root``."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x = 1\n")
    return root


def git(root: Path, *arguments: str) -> None:
    """Run git in ``root``."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def kept_apart(root: Path, path: str) -> list[str]:
    """The words by which ``path`` must be asked for; empty when it is looked at anyway."""

    def looked_at(*include: str) -> bool:
        found = discover(root, include)
        return path in (*found.sources, *found.manifests)

    return [] if looked_at() else [word for word in ("tests", "vendored", "generated") if looked_at(word)]


class TestWithoutGit:
    def test_python_files_and_manifest_candidates_come_sorted(self, tmp_path: Path) -> None:
        found = discover(tree(tmp_path, "b/app.py", "a.py", "b/Dockerfile", "compose.yml", "logo.png", "b/entrypoint"))
        assert found.sources == ("a.py", "b/app.py")
        assert found.manifests == ("b/Dockerfile", "b/entrypoint", "compose.yml")
        assert "logo.png" in found.paths

    def test_what_nobody_keeps_is_not_entered(self, tmp_path: Path) -> None:
        tree(tmp_path, "app.py", "node_modules/x/setup.py", "__pycache__/a.py", ".venv/lib/y.py", "env/pyvenv.cfg")
        tree(tmp_path, "env/lib/z.py", ".git/hooks/h.py")
        assert sorted(discover(tmp_path).paths) == ["app.py"]

    def test_build_output_is_generated(self, tmp_path: Path) -> None:
        tree(tmp_path, "app.py", "build/lib/app.py", "orders_pb2.py")
        assert discover(tmp_path).sources == ("app.py",)
        assert discover(tmp_path, ["generated"]).sources == ("app.py", "build/lib/app.py", "orders_pb2.py")

    def test_an_unreadable_directory_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tree(tmp_path, "app.py", "secret/app.py")
        scandir = os.scandir

        def refuse(path: Path) -> object:
            if str(path).endswith("secret"):
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse)
        found = discover(tmp_path)
        assert found.sources == ("app.py",)
        assert [(d.kind, d.path) for d in found.diagnostics] == [("unreadable", "secret")]

    def test_a_repository_inside_is_listed_by_git(self, tmp_path: Path) -> None:
        tree(tmp_path, "one/app.py", "one/out/app.py", "two/app.py")
        (tmp_path / "one" / ".gitignore").write_text("out/\n")
        git(tmp_path / "one", "init", "-q")
        assert discover(tmp_path).sources == ("one/app.py", "two/app.py")


class TestWithGit:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        tree(tmp_path, "app.py", "build/deploy.py", "ignored/app.py", "deleted.py", "services/a/main.py")
        (tmp_path / ".gitignore").write_text("ignored/\n")
        git(tmp_path, "init", "-q")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", "start")
        (tmp_path / "deleted.py").unlink()
        return tmp_path

    def test_tracked_and_new_files_count_and_ignored_ones_do_not(self, repository: Path) -> None:
        tree(repository, "new.py")
        assert discover(repository).sources == ("app.py", "build/deploy.py", "new.py", "services/a/main.py")
        assert discover(repository).diagnostics == ()

    def test_a_directory_of_the_repository_is_a_root_too(self, repository: Path) -> None:
        assert discover(repository / "services").sources == ("a/main.py",)

    def test_an_ignored_directory_can_be_looked_at(self, repository: Path) -> None:
        assert discover(repository / "ignored").sources == ("app.py",)

    def test_another_repository_inside_belongs_to_the_tree(self, repository: Path) -> None:
        tree(repository, "vendored_repo/lib.py")
        git(repository / "vendored_repo", "init", "-q")
        git(repository / "vendored_repo", "add", "-A")
        git(repository / "vendored_repo", "commit", "-q", "-m", "start")
        assert "vendored_repo/lib.py" in discover(repository).sources

    def test_variables_of_a_hook_do_not_mislead(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
        assert "services/a/main.py" in discover(repository).sources

    def test_the_repository_cannot_start_programs(self, repository: Path) -> None:
        touched = repository / "touched"
        hook = repository / "monitor.sh"
        hook.write_text(f"#!/bin/sh\ntouch {touched}\n")
        hook.chmod(0o755)
        git(repository, "config", "core.fsmonitor", str(hook))
        touched.unlink(missing_ok=True)
        discover(repository)
        assert not touched.exists()

    def test_without_git_installed_the_tree_is_walked(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        assert "app.py" in discover(repository).sources

    def test_a_file_name_that_is_no_text_is_found(self, repository: Path) -> None:
        (Path(os.fsdecode(os.fsencode(repository) + b"/caf\xe9.py"))).write_text("")
        assert "caf\udce9.py" in discover(repository).sources


class TestKinds:
    @pytest.mark.parametrize(
        ("path", "word"),
        [
            ("app.py", None),
            ("tests/app.py", "tests"),
            ("itests/steps/draining.py", "tests"),
            ("services/billing/test/compose.yml", "tests"),
            ("services/billing/test_app.py", "tests"),
            ("services/billing/app_test.py", "tests"),
            ("services/billing/conftest.py", "tests"),
            ("functional_tests/worker.py", None),
            ("load_tests/Dockerfile", None),
            ("testing/app.py", None),
            ("vendor/lib/x.py", "vendored"),
            ("third_party/tests/x.py", "vendored"),
            (".aws-sam/build/template.yaml", "generated"),
            ("latest.py", None),
        ],
    )
    def test_a_file_is_judged_by_its_path(self, tmp_path: Path, path: str, word: str | None) -> None:
        assert kept_apart(tree(tmp_path, path), path) == ([word] if word else [])

    def test_what_is_kept_apart_is_counted(self, tmp_path: Path) -> None:
        found = discover(tree(tmp_path, "app.py", "tests/test_app.py"))
        assert found.sources == ("app.py",)
        assert found.paths == ("app.py", "tests/test_app.py")
        assert found.apart == {"test": 1}

    def test_include_asks_for_a_kind(self, tmp_path: Path) -> None:
        tree(tmp_path, "app.py", "tests/test_app.py", "node_modules/x/a.py")
        assert discover(tmp_path, ["tests"]).sources == ("app.py", "tests/test_app.py")
        assert discover(tmp_path, ["vendored"]).sources == ("app.py", "node_modules/x/a.py")

    def test_include_names_files_that_are_the_trees_own(self, tmp_path: Path) -> None:
        tree(tmp_path, "tests/load/worker.py", "tests/unit/test_x.py", "vendor/bus/bus.py")
        found = discover(tmp_path, ["tests/load", "vendor/bus"])
        assert found.sources == ("tests/load/worker.py", "vendor/bus/bus.py")

    def test_exclude_wins(self, tmp_path: Path) -> None:
        tree(tmp_path, "app.py", "legacy/a.py", "legacy/keep.py")
        assert discover(tmp_path, ["legacy/keep.py"], ["legacy"]).sources == ("app.py",)

    def test_a_pattern_that_cannot_be_used_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="pattern"):
            discover(tmp_path, exclude=["../x"])


class TestExamples:
    def test_beside_a_deployed_service_they_are_kept_apart(self, tmp_path: Path) -> None:
        tree(tmp_path, "app/main.py", "app/bus.py", "Dockerfile", "examples/demo.py")
        assert discover(tmp_path).sources == ("app/bus.py", "app/main.py")

    def test_in_a_repository_of_samples_they_are_the_content(self, tmp_path: Path) -> None:
        tree(tmp_path, "setup.py", "Dockerfile", "examples/a/app.py", "examples/b/app.py")
        assert discover(tmp_path).sources == ("examples/a/app.py", "examples/b/app.py", "setup.py")

    def test_of_a_library_they_show_what_it_is_for(self, tmp_path: Path) -> None:
        tree(tmp_path, "bus/a.py", "bus/b.py", "examples/demo.py")
        assert "examples/demo.py" in discover(tmp_path).sources

    def test_their_tests_stay_apart(self, tmp_path: Path) -> None:
        assert discover(tree(tmp_path, "examples/a/tests/x.py")).sources == ()


class TestWhatIsNoPlainFile:
    def test_a_link_to_itself_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
        found = discover(tree(tmp_path, "app.py"))
        assert found.sources == ("app.py",)
        assert [(d.kind, d.path) for d in found.diagnostics] == [("symlink-loop", "loop.py")]

    def test_a_directory_that_links_to_its_parent_is_told_and_not_entered(self, tmp_path: Path) -> None:
        tree(tmp_path, "a/app.py")
        (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
        found = discover(tmp_path)
        assert found.sources == ("a/app.py",)
        assert [(d.kind, d.path) for d in found.diagnostics] == [("symlink-loop", "a/up")]

    def test_a_link_out_of_the_tree_is_told_and_not_followed(self, tmp_path: Path) -> None:
        tree(tmp_path, "outside.py", "root/app.py")
        (tmp_path / "root" / "linked.py").symlink_to(tmp_path / "outside.py")
        found = discover(tmp_path / "root")
        assert found.sources == ("app.py",)
        assert found.diagnostics[0].message == "links out of the tree; it is not followed"

    def test_a_file_link_inside_the_tree_is_a_file(self, tmp_path: Path) -> None:
        tree(tmp_path, "libs/bus.py", "service/app.py")
        (tmp_path / "service" / "bus.py").symlink_to("../libs/bus.py")
        assert "service/bus.py" in discover(tmp_path).sources

    def test_a_socket_and_a_pipe_are_told(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.py")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "s.yaml"))
            found = discover(tree(tmp_path, "app.py"))
        assert found.sources == ("app.py",)
        assert {(d.path, d.message) for d in found.diagnostics} == {
            ("pipe.py", "is no regular file"),
            ("s.yaml", "is no regular file"),
        }

    def test_a_huge_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "data.py").write_bytes(b"#" * (LARGEST + 1))
        (tmp_path / "package-lock.json").write_bytes(b"#" * (LARGEST + 1))
        (tmp_path / "program").write_bytes(b"#" * (LARGEST + 1))
        found = discover(tmp_path)
        assert found.sources == ()
        assert [(d.kind, d.path) for d in found.diagnostics] == [("too-large", "data.py")]


class TestOnly:
    def test_only_what_was_named_is_looked_at(self, tmp_path: Path) -> None:
        tree(tmp_path, "a/x.py", "ab/z.py", "b/c/y.py", "b/d.py")
        found = discover(tmp_path, only=[tmp_path / "a", tmp_path / "b" / "c" / "y.py"])
        assert found.sources == ("a/x.py", "b/c/y.py")
        assert "ab/z.py" in discover(tmp_path, only=[tmp_path, tmp_path / "a"]).sources


def test_packages_beside_a_dist_info_are_vendored(tmp_path: Path) -> None:
    for path in ("layer/python/boto3/session.py", "layer/python/boto3-1.34.dist-info/METADATA", "layer/python/six.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x = 1\n")
    (tmp_path / "app.py").write_text("x = 1\n")
    found = discover(tmp_path)
    assert found.sources == ("app.py",)
    assert found.apart["vendored"] >= 2
