"""Which service runs a module: what manifests declare, what only the code shows, and what each is called."""

from __future__ import annotations

import pytest

from brokerlint.pipeline import analyse_sources

SEND = "import boto3\n\ndef send():\n    boto3.client('sqs').send_message(QueueUrl='q', MessageBody='b')\n"
HANDLER = "def lambda_handler(event, context):\n    pass\n"
TEMPLATE = """\
Resources:
  Queue:
    Type: AWS::SQS::Queue
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      Handler: {handler}
      Runtime: {runtime}
      Code: {code}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: !Ref Orders
"""


def services(files: dict[str, str]) -> list[tuple[str, list[str]]]:
    """(path, services) of each endpoint."""
    return sorted((e.place.path, sorted(e.services)) for e in analyse_sources(files).endpoints)


def template(handler: str = "process.lambda_handler", runtime: str = "python3.12", code: str = "build/all.zip") -> str:
    return TEMPLATE.format(handler=handler, runtime=runtime, code=code)


def test_the_handler_of_a_packed_function_is_the_only_module_of_that_name() -> None:
    files = {"infra/main.yaml": template(), "src/shop/process.py": HANDLER}
    assert services(files) == [("src/shop/process.py", ["Orders"])]


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        pytest.param("process.lambda_handler", ["src/a/process.py", "src/b/process.py"], id="two-of-the-name"),
        pytest.param("process.run", ["src/a/process.py"], id="no-such-function"),
        pytest.param("handler.lambda_handler", ["src/mail/handler.py"], id="everybody-s-name"),
    ],
)
def test_a_packed_function_takes_no_module_that_may_be_another_s(handler: str, files: list[str]) -> None:
    assert not services({"infra/main.yaml": template(handler), **dict.fromkeys(files, HANDLER)})


def test_a_packed_function_in_another_language_has_no_python_handler() -> None:
    files = {"infra/main.yaml": template(runtime="nodejs20.x"), "src/shop/process.py": HANDLER}
    assert not services(files)


def test_a_folder_called_like_the_function_or_its_archive_tells_whose_handler_it_is() -> None:
    files = {
        "infra/main.yaml": template("handler.lambda_handler", code="build/order_mails.zip"),
        "src/order-mails/handler.py": HANDLER,
        "src/bills/handler.py": HANDLER,
    }
    assert services(files) == [("src/order-mails/handler.py", ["Orders"])]


def test_chalicelib_belongs_to_the_application_beside_it() -> None:
    files = {
        "api/app.py": "from chalice import Chalice\n\napp = Chalice(app_name='shop')\n",
        "api/chalicelib/__init__.py": "",
        "api/chalicelib/audit.py": (
            "from app import app\n\n@app.on_sqs_message(queue='orders')\ndef order(event):\n    pass\n\n"
            "def every_day(event, context):\n    pass\n"
        ),
    }
    assert services(files) == [("api/chalicelib/audit.py", ["shop"])]


def test_a_script_that_is_installed_as_a_command_is_called_like_the_command() -> None:
    files = {
        "setup.py": "setup(entry_points={'console_scripts': ['dispatcher = shop.cli.dispatcher_cli:main']})\n",
        "shop/__init__.py": "",
        "shop/cli/__init__.py": "",
        "shop/cli/dispatcher_cli.py": SEND + "\nif __name__ == '__main__':\n    send()\n",
    }
    assert services(files) == [("shop/cli/dispatcher_cli.py", ["dispatcher"])]


def test_a_module_of_a_package_called_manage_marks_no_project() -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'shop'\n",
        "shop/__init__.py": "",
        "shop/commands/__init__.py": "",
        "shop/commands/manage.py": SEND,
    }
    assert services(files) == [("shop/commands/manage.py", ["shop"])]


def test_a_handler_may_be_annotated_and_spread_over_lines() -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'shop'\n",
        "shop/__init__.py": "",
        "shop/process.py": (
            SEND + "\ndef lambda_handler(\n    event: dict[str, list[int]],\n    context: object,\n):\n    send()\n"
        ),
    }
    assert services(files) == [("shop/process.py", ["process"])]


def test_the_handler_may_stand_beside_the_archive_that_holds_it() -> None:
    files = {
        "infra/main.yaml": template("app.lambda_function.run", code="../outbox/src/outbox_arm64.zip"),
        "outbox/src/app/lambda_function.py": "def run(event, context):\n    pass\n",
        "bills/app/lambda_function.py": "def run(event, context):\n    pass\n",
    }
    assert services(files) == [("outbox/src/app/lambda_function.py", ["Orders"])]


def test_a_script_beside_the_entry_point_of_a_service_is_no_part_of_it() -> None:
    poll = (
        "import boto3\n\ndef main():\n    queue = boto3.resource('sqs').Queue('https://sqs/1/q')\n"
        "    while True:\n        queue.receive_messages()\n\nif __name__ == '__main__':\n    main()\n"
    )
    files = {
        "docker-compose.yml": "services:\n  trail:\n    build: .\n    command: python mq/trail_worker.py\n",
        "mq/trail_worker.py": poll,
        "mq/guard_worker.py": poll,
        "mq/plugin.py": SEND,
    }
    assert services(files) == [
        ("mq/guard_worker.py", ["guard_worker"]),
        ("mq/plugin.py", ["trail"]),
        ("mq/trail_worker.py", ["trail"]),
    ]
