"""Layouts and deployments of whole repositories: where a shared module is found, what a command line decides."""

from __future__ import annotations

from brokerlint.facts import Facts
from brokerlint.pipeline import analyse_sources


def seen(facts: Facts) -> list[tuple[str, int, str, list[str | None], list[str | None], list[str]]]:
    """(path, line, role, channels, groups, services) of each endpoint."""
    return sorted(
        (
            e.place.path,
            e.place.line,
            e.role,
            sorted(c.name.text or f"${c.name.env}" for c in e.channels),
            sorted(g.text or f"${g.env}" for g in e.groups),
            sorted(e.services),
        )
        for e in facts.endpoints
    )


BUS = """\
from confluent_kafka import Producer

class Bus:
    def __init__(self, servers):
        self.producer = Producer({"bootstrap.servers": servers})

    def emit(self, topic, body):
        self.producer.produce(topic, body)
"""


def test_a_package_put_on_sys_path_holds_top_level_modules() -> None:
    files = {
        "libs/common/__init__.py": "",
        "libs/common/bus.py": BUS,
        "billing/main.py": (
            "import os\nimport sys\n"
            "sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'libs', 'common'))\n"
            "from bus import Bus\n\nBus('k:9092').emit('invoices', b'1')\n"
        ),
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("billing/main.py", 6, ["invoices"])
    ]


def test_a_package_on_pythonpath_of_an_image_holds_top_level_modules() -> None:
    files = {
        "libs/common/__init__.py": "",
        "libs/common/bus.py": BUS,
        "billing/Dockerfile": (
            "FROM python:3\nWORKDIR /app\nCOPY libs/common /app/common\nCOPY billing /app\n"
            'ENV PYTHONPATH=/app/common:/app\nCMD ["python", "main.py"]\n'
        ),
        "billing/main.py": "from bus import Bus\n\nBus('k:9092').emit('invoices', b'1')\n",
        "docker-compose.yml": (
            "services:\n  billing:\n    build:\n      context: .\n      dockerfile: billing/Dockerfile\n"
        ),
    }
    assert [(p, line, channels, services) for p, line, _, channels, _, services in seen(analyse_sources(files))] == [
        ("billing/main.py", 3, ["invoices"], ["billing"])
    ]


def test_a_module_of_a_package_elsewhere_is_no_top_level_module() -> None:
    files = {
        "libs/common/__init__.py": "",
        "libs/common/bus.py": BUS,
        "billing/main.py": "from bus import Bus\n\nBus('k:9092').dispatch_all('invoices', b'1')\n",
    }
    assert not [p for p, *_ in seen(analyse_sources(files)) if p == "billing/main.py"]


COMPOSE = """\
services:
  orders:
    build: .
    command: python app.py
    environment:
      PREFIX: prod
"""


def test_a_variable_inside_a_name_is_filled_in_from_the_manifest() -> None:
    files = {
        "docker-compose.yml": COMPOSE,
        "app.py": (
            "import os\nfrom confluent_kafka import Consumer\n"
            "prefix, kind = os.getenv('PREFIX', 'dev'), os.getenv('KIND', 'eu')\n"
            "c = Consumer({'group.id': os.getenv('GROUP', f'{prefix}-readers')})\n"
            "c.subscribe([f'{prefix}.orders', f'{prefix}.{kind}.refunds', f'{kind.upper()}.audit'])\n"
        ),
    }
    (endpoint,) = seen(analyse_sources(files))
    assert endpoint[3:] == (["EU.audit", "prod.eu.refunds", "prod.orders"], ["prod-readers"], ["orders"])


def test_the_whole_name_set_by_a_manifest_wins_over_a_default_made_of_variables() -> None:
    files = {
        "docker-compose.yml": COMPOSE + "      GROUP: billing\n",
        "app.py": (
            "import os\nfrom confluent_kafka import Consumer\n"
            "c = Consumer({'group.id': os.getenv('GROUP', os.environ['PREFIX'] + '-readers')})\n"
            "c.subscribe(['orders'])\n"
        ),
    }
    (endpoint,) = seen(analyse_sources(files))
    assert endpoint[4] == ["billing"]
