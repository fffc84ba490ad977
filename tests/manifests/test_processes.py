"""Procfiles and supervisor configurations: processes of one program."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.values import text_of

Reader = Callable[[Mapping[str, str]], ManifestFacts]


def test_each_line_of_a_procfile_is_a_process(facts_of: Reader) -> None:
    facts = facts_of({
        "shop/Procfile": (
            "# note\nweb: gunicorn shop:app\nworker: cd src && python -m jobs\nrelease: python manage.py migrate\n"
        ),
        "shop/src/jobs.py": "",
        "shop/.env": "ORDERS_TOPIC=orders\n",
    })  # fmt: skip
    services = {one.name: one for one in facts.services}
    assert set(services) == {"web", "worker", "release"}
    assert (services["web"].roots, services["web"].command) == (("shop",), ("gunicorn", "shop:app"))
    assert (services["worker"].roots, services["worker"].command) == (("shop/src", "shop"), ("python", "-m", "jobs"))
    assert services["release"].properties == {"tooling": True}
    assert services["worker"].place.line == 3
    assert text_of(services["web"].environment["ORDERS_TOPIC"].value) == "orders"


def test_a_process_may_be_a_script(facts_of: Reader) -> None:
    facts = facts_of({"Procfile": "worker: bin/start.sh jobs\n", "bin/start.sh": 'exec celery -A app worker -Q "$1"\n'})
    assert [one.command for one in facts.services] == [("celery", "-A", "app", "worker", "-Q", "jobs")]


SUPERVISED = """\
[supervisord]
nodaemon=true

[program:consumer]
command=python -u manage.py consume %(ENV_X)s
  --group billing   ; a note
directory=/srv/app
environment=ORDERS_TOPIC="orders",STAGE=prod,DB_PASSWORD="hunter2"
numprocs=4
[program:nginx]
command=/usr/sbin/nginx
"""


def test_each_program_that_runs_python_is_a_process(facts_of: Reader) -> None:
    facts = facts_of({
        "Dockerfile": 'FROM python\nENV GROUP_ID=g\nWORKDIR /srv\nCOPY . .\nCMD ["supervisord", "-c", "x.conf"]\n',
        "supervisord.conf": SUPERVISED,
        "app/manage.py": "",
    })  # fmt: skip
    (service,) = facts.services
    assert (service.name, service.platform) == ("consumer", "supervisord")
    assert service.command == ("python", "-u", "manage.py", "consume", "--group", "billing")
    assert service.roots == ("app", "")
    known = {name: text_of(one.value) for name, one in service.environment.items()}
    assert known == {"ORDERS_TOPIC": "orders", "STAGE": "prod", "DB_PASSWORD": None, "GROUP_ID": "g"}
    assert service.properties == {"replicas_max": 4}
    assert service.place.line == 4


def test_without_an_image_the_surroundings_of_the_configuration_count(facts_of: Reader) -> None:
    facts = facts_of({"deploy/conf/jobs.conf": "[program:jobs]\ncommand=python jobs.py\n", "jobs.py": ""})
    assert [(one.name, one.roots) for one in facts.services] == [("jobs", ("",))]


def test_broken_configurations_do_no_harm(facts_of: Reader) -> None:
    text = "[program:x\ncommand=python 'a\n[program:y]\n=\nnumprocs=many\n"
    facts = facts_of({"a.conf": text, "Procfile": "::\n:x\n"})
    assert facts.services == ()
    assert facts.diagnostics == ()
