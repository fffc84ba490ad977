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


def test_a_handler_of_a_name_of_its_own_tells_which_of_many_apps_it_is_in() -> None:
    files = {
        "infra/main.yaml": template("app.delete_area", code="build/all.zip"),
        "daemons/deletion/app.py": "def delete_area(event, context):\n    pass\n",
        "daemons/checksums/app.py": "def sum_up(event, context):\n    pass\n",
    }
    assert services(files) == [("daemons/deletion/app.py", ["Orders"])]


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


UNTOLD = """\
resource "aws_lambda_function" "{name}" {{
  package_type = "Image"
  image_uri    = "${{var.registry}}/functions:${{var.release}}"
}}
resource "aws_sqs_queue" "orders" {{}}
resource "aws_lambda_event_source_mapping" "orders" {{
  event_source_arn = aws_sqs_queue.orders.arn
  function_name    = aws_lambda_function.{name}.arn
}}
"""


@pytest.mark.parametrize(
    ("name", "file"),
    [("bill_orders_lambda", "src/bill_orders/run.py"), ("bill-orders", "src/billing/bill_orders.py")],
)
def test_a_function_of_which_nothing_is_told_runs_the_only_handler_called_like_it(name: str, file: str) -> None:
    files = {"infra/main.tf": UNTOLD.format(name=name), file: HANDLER, "src/mails/run.py": HANDLER}
    assert services(files) == [(file, [name])]


def test_a_function_of_which_nothing_is_told_runs_none_of_several_handlers_called_like_it() -> None:
    files = {"infra/main.tf": UNTOLD.format(name="bills"), "a/bills/run.py": HANDLER, "b/bills/run.py": HANDLER}
    assert not services(files)


def test_the_only_function_of_a_registry_s_module_is_called_like_the_module() -> None:
    module = (
        'module "bills_lambda" {\n  source = "terraform-aws-modules/lambda/aws"\n'
        "  function_name = var.bills\n  image_uri = var.image\n}\n"
    )
    assert services({"infra/main.tf": module, "src/bills/run.py": SEND + HANDLER}) == [
        ("src/bills/run.py", ["bills_lambda"])
    ]


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


def test_a_handler_may_be_told_from_the_tree_s_root_wherever_its_archive_is_built() -> None:
    files = {
        "infra/main.yaml": template("functions.orders.main.run", code="build/all.zip"),
        "functions/orders/main.py": "def run(event, context):\n    pass\n",
        "functions/bills/main.py": "def run(event, context):\n    pass\n",
    }
    assert services(files) == [("functions/orders/main.py", ["Orders"])]


def test_stacks_in_folders_called_alike_are_told_apart_by_the_folders_above() -> None:
    stack = template(code="../code/")
    files = {f"{app}/{path}": text for app in ("shop", "mail") for path, text in (
        ("infra/main.yaml", stack), ("code/process.py", HANDLER),
    )}  # fmt: skip
    assert services(files) == [("mail/code/process.py", ["mail-Orders"]), ("shop/code/process.py", ["shop-Orders"])]


def test_the_handler_of_code_that_is_packed_elsewhere_may_stand_at_the_top_of_the_tree() -> None:
    files = {"infra/main.yaml": template("shop_main.lambda_handler", code="build/%code%"), "shop_main.py": HANDLER}
    assert services(files) == [("shop_main.py", ["Orders"])]


def test_the_handler_may_stand_beside_the_archive_that_holds_it() -> None:
    files = {
        "infra/main.yaml": template("app.lambda_function.run", code="../outbox/src/outbox_arm64.zip"),
        "outbox/src/app/lambda_function.py": "def run(event, context):\n    pass\n",
        "bills/app/lambda_function.py": "def run(event, context):\n    pass\n",
    }
    assert services(files) == [("outbox/src/app/lambda_function.py", ["Orders"])]


def test_a_function_packed_from_one_file_holds_nothing_else_of_its_folder() -> None:
    files = {
        "src/clicks.tf": (
            'data "archive_file" "code" {\n  type = "zip"\n  source_file = "${path.module}/clicks.py"\n'
            '  output_path = "clicks.zip"\n}\n'
            'resource "aws_kinesis_stream" "clicks" {\n  name = "clicks"\n}\n'
            'resource "aws_lambda_function" "clicks" {\n  function_name = "clicks"\n  handler = "clicks.run"\n'
            '  runtime = "python3.12"\n  filename = data.archive_file.code.output_path\n}\n'
            'resource "aws_lambda_event_source_mapping" "clicks" {\n'
            "  event_source_arn = aws_kinesis_stream.clicks.arn\n"
            "  function_name = aws_lambda_function.clicks.arn\n}\n"
        ),
        "src/clicks.py": "def run(event, context):\n    pass\n",
        "src/producer.py": SEND + "\nfor _ in range(100):\n    send()\n",
    }
    assert services(files) == [("src/clicks.py", ["clicks"]), ("src/producer.py", ["producer"])]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("clicks", [("src/clicks.py", ["clicks"])], id="name"),
        pytest.param("arn:aws:lambda:eu-west-1:1:function:clicks", [("src/clicks.py", ["clicks"])], id="arn"),
        pytest.param("orders", [], id="another"),
    ],
)
def test_a_mapping_may_name_the_function_that_another_manifest_declares(target: str, expected: object) -> None:
    files = {
        "infra/main.tf": (
            'resource "aws_lambda_function" "f" {\n  function_name = "clicks"\n  handler = "clicks.run"\n'
            '  runtime = "python3.12"\n  filename = "../src/clicks.zip"\n}\n'
        ),
        "src/clicks.py": "def run(event, context):\n    pass\n",
        "bin/deploy.sh": (
            "aws sqs create-queue --queue-name q\n"
            f"aws lambda create-event-source-mapping --function-name {target} --event-source-arn arn:aws:sqs:r:1:q\n"
        ),
    }
    assert services(files) == expected


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


def test_a_program_that_is_deployed_under_several_names_is_called_what_they_have_in_common() -> None:
    pod = "{spec: {containers: [{name: x, image: acme/ingest}]}}"
    job = f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: ingest-demo}}\nspec: {{template: {pod}}}\n"
    files = {
        "Dockerfile": 'FROM python\nCOPY . /app\nCMD ["python", "main.py"]\n',
        "main.py": SEND + "send()\n",
        "docker-compose.yml": "services:\n  ingest: {build: ., image: acme/ingest}\n",
        "k8s/demo.yaml": job,
    }
    assert [service.name for service in analyse_sources(files).services] == ["ingest"]


DJANGO = {
    "site/manage.py": "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "site/shop/__init__.py": "",
    "site/shop/settings.py": "INSTALLED_APPS = ['orders']\nROOT_URLCONF = 'shop.urls'\n",
    "site/shop/urls.py": "from orders import views\n",
    "site/orders/__init__.py": "",
    "site/orders/views.py": SEND,
    "site/orders/management/commands/listen.py": SEND,
    "Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
}


def test_what_a_site_sends_on_requests_is_not_sent_by_its_other_programs() -> None:
    compose = (
        "services:\n  web: {build: ., command: sh -c 'cd site && python manage.py runserver'}\n"
        "  worker: {build: ., command: sh -c 'cd /app/site && python manage.py listen'}\n"
    )
    assert services({**DJANGO, "docker-compose.yml": compose}) == [
        ("site/orders/management/commands/listen.py", ["worker"]),
        ("site/orders/views.py", ["web"]),
    ]


def test_a_command_of_a_site_runs_only_where_it_is_started() -> None:
    compose = (
        "services:\n  web: {build: ., command: sh -c 'cd site && python manage.py runserver'}\n"
        "  listener: {build: ., command: sh -c 'cd site && python manage.py listen'}\n"
    )
    urls = "from orders import views\nfrom orders.management.commands import listen\n"
    files = {**DJANGO, "site/shop/urls.py": urls, "docker-compose.yml": compose}
    assert services(files)[0] == ("site/orders/management/commands/listen.py", ["listener"])


def test_what_a_site_sends_on_requests_is_not_sent_by_a_program_that_looks_at_its_addresses() -> None:
    compose = (
        "services:\n  web: {build: ., command: sh -c 'cd site && python manage.py runserver'}\n"
        "  migrate: {build: ., command: sh -c 'cd site && python manage.py migrate'}\n"
    )
    files = {**DJANGO, "site/orders/__init__.py": "import shop.urls\n", "docker-compose.yml": compose}
    assert services(files)[-1] == ("site/orders/views.py", ["web"])


@pytest.mark.parametrize(
    ("call", "loaded"),
    [
        ("app.autodiscover_tasks()", ["tasks"]),
        ("app.autodiscover_tasks(['orders'], related_name='jobs')", ["jobs"]),
        ("app.autodiscover_tasks(['orders.jobs'], related_name=None)", ["jobs", "tasks", "views"]),
    ],
)
def test_celery_loads_modules_of_one_name(call: str, loaded: list[str]) -> None:
    files = {
        "docker-compose.yml": "services:\n  worker: {build: ., command: celery -A shop worker}\n"
        "  web: {build: ., command: python serve.py}\n",
        "Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
        "serve.py": "import orders.tasks, orders.jobs, orders.views\n",
        "shop.py": f"from celery import Celery\napp = Celery()\n{call}\n",
        "orders/__init__.py": "",
        **{f"orders/{name}.py": SEND for name in ("jobs", "tasks", "views")},
    }
    by_worker = [path for path, names in services(files) if "worker" in names]
    assert by_worker == [f"orders/{name}.py" for name in loaded]


def test_an_import_by_a_name_that_is_written_down_brings_in_that_module_only() -> None:
    files = {
        "docker-compose.yml": "services:\n  one: {build: ., command: python one.py}\n"
        "  two: {build: ., command: python two.py}\n",
        "Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
        "one.py": "import shop\nfrom importlib import import_module\nimport_module('shop.bills').send()\n",
        "two.py": "import shop.mails\n",
        "shop/__init__.py": "",
        "shop/bills.py": SEND,
        "shop/mails.py": SEND,
    }
    assert services(files) == [("shop/bills.py", ["one"]), ("shop/mails.py", ["two"])]


@pytest.mark.parametrize("call", ["'jobs.{0}.worker'.format(kind)", "'jobs.%s.worker' % kind", "f'jobs.{kind}.worker'"])
def test_an_import_by_a_name_with_a_hole_may_bring_in_any_module_of_that_shape(call: str) -> None:
    main = (
        f"def run(kind):\n    __import__({call}, fromlist=['send']).send()\nif __name__ == '__main__':\n    run('a')\n"
    )
    files = {
        "requirements.txt": "boto3\n",
        "start.py": main,
        "other.py": main.replace("worker", "reader"),
        "jobs/__init__.py": "",
        **{f"jobs/{kind}/__init__.py": "" for kind in "ab"},
        **{f"jobs/{kind}/worker.py": SEND for kind in "ab"},
    }
    assert services(files) == [("jobs/a/worker.py", ["start"]), ("jobs/b/worker.py", ["start"])]


IMAGE = """\
Resources:
  Queue:
    Type: AWS::SQS::Queue
  Receiver:
    Type: AWS::Lambda::Function
    Properties:
      PackageType: Image
      Code: {ImageUri: !Ref Image}
      ImageConfig: {Command: [COMMAND]}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Receiver}
"""


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        ("shop.orders.lambda_handler", ["shop/orders.py", "other/orders.py"], "shop/orders.py"),
        ("main.lambda_handler", ["shop/src/main.py"], "shop/src/main.py"),
        ("main.lambda_handler", ["shop/main.py", "other/main.py"], None),
    ],
)
def test_the_command_of_an_image_that_is_built_elsewhere_tells_its_handler(
    command: str, files: list[str], expected: str | None
) -> None:
    found = services({"cf.yaml": IMAGE.replace("COMMAND", command), **dict.fromkeys(files, HANDLER)})
    assert found == ([(expected, ["Receiver"])] if expected else [])


def test_scripts_in_a_bin_folder_are_programs_of_their_own() -> None:
    main = "\nif __name__ == '__main__':\n    send()\n"
    files = {
        "shop/__init__.py": "",
        "shop/bus.py": SEND,
        "bin/shop-serve.py": "from shop.bus import send\n" + main,
        "bin/replay.py": SEND + main,
        "requirements.txt": "boto3\n",
    }
    assert services(files) == [("bin/replay.py", ["replay"]), ("shop/bus.py", ["shop-serve"])]


COMPOSE = "services:\n  web:\n    build: .\n    command: {command}\n"


def test_what_uwsgi_serves_stands_in_its_configuration() -> None:
    files = {
        "docker-compose.yml": COMPOSE.format(command="uwsgi --ini deploy/uwsgi.ini --processes 2"),
        "Dockerfile": "FROM python:3.13\nWORKDIR /code\nCOPY . .\n",
        "deploy/uwsgi.ini": "[uwsgi]\n; the application\nmodule = shop.wsgi:application\nprocesses = 2\n",
        "shop/__init__.py": "",
        "shop/wsgi.py": "import shop.orders\n",
        "shop/orders.py": SEND,
        "tools/send.py": SEND + "\nif __name__ == '__main__':\n    send()\n",
    }
    assert services(files) == [("shop/orders.py", ["web"]), ("tools/send.py", ["tools"])]


def test_an_application_of_django_may_be_a_package_of_one_name() -> None:
    files = {
        "docker-compose.yml": COMPOSE.format(command="gunicorn shop.wsgi"),
        "Dockerfile": "FROM python:3.13\nWORKDIR /code\nCOPY . .\n",
        "shop/__init__.py": "",
        "shop/wsgi.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\n",
        "shop/settings.py": "OUR_APPS = [\n    'orders',  # ours\n]\nINSTALLED_APPS = OUR_APPS + ['admin.site']\n",
        "orders/__init__.py": "",
        "orders/admin.py": SEND,
        "other/worker.py": SEND + "\nif __name__ == '__main__':\n    send()\n",
    }
    assert services(files) == [("orders/admin.py", ["web"]), ("other/worker.py", ["other"])]


def test_a_folder_that_tells_nothing_apart_is_no_part_of_a_name() -> None:
    files = {
        "docker-compose.yml": COMPOSE.format(command="python jobs/work.py"),
        "docker-compose.prod.yml": COMPOSE.format(command="python jobs/more.py"),
        "Dockerfile": "FROM python:3.13\nWORKDIR /code\nCOPY . .\n",
        "jobs/work.py": SEND + "\nif __name__ == '__main__':\n    send()\n",
        "jobs/more.py": SEND + "\nif __name__ == '__main__':\n    send()\n",
    }
    assert services(files) == [("jobs/more.py", ["web"]), ("jobs/work.py", ["web"])]


def test_units_of_a_machine_start_code_or_commands_of_the_tree() -> None:
    unit = "[Unit]\nDescription=x\n\n[Service]\nEnvironment=A=b\nExecStartPre=/bin/true\nExecStart={}\n"
    files = {
        "lib/setup.py": "setup(entry_points={'console_scripts': ['shop-copy=shop.copy:main']})\n",
        "lib/shop/__init__.py": "",
        "lib/shop/copy.py": SEND,
        "lib/shop/mail.py": SEND + "\nif __name__ == '__main__':\n    send()\n",
        "ops/copy-old.service": unit.format("/venv/bin/shop-copy old.ini"),
        "ops/copy@.service": unit.format("-/venv/bin/shop-copy %i.ini"),
        "ops/mailer.service.j2": unit.format("/venv/bin/python -u \\\n  /srv/lib/shop/mail.py"),
        "ops/kafka.service": unit.format("/opt/kafka/bin/kafka-server-start.sh x"),
        "ops/sshd.service": unit.format("/usr/sbin/sshd -D"),
    }
    assert services(files) == [("lib/shop/copy.py", ["copy", "copy-old"]), ("lib/shop/mail.py", ["mailer"])]


def test_a_unit_that_a_tool_fills_in_tells_the_folder_of_the_tree_by_its_end() -> None:
    unit = (
        "[Service]\nWorkingDirectory={{ env.HOME }}/{{ repository }}/jobs/mail\n"
        "ExecStart={{ venv_path }}/bin/python3 run.py --all\n"
    )
    files = {
        "deploy/templates/mail-orders.service": unit,
        "jobs/mail/run.py": "from bus import send\nif __name__ == '__main__':\n    send()\n",
        "jobs/mail/bus.py": SEND,
        "jobs/bills/bus.py": SEND,
    }
    assert services(files)[-1] == ("jobs/mail/bus.py", ["mail-orders"])


def test_a_command_of_a_project_below_comes_before_a_container_of_which_nothing_is_known() -> None:
    files = {
        "docker-compose.yml": "services:\n  tests:\n    build: .\n    command: ./nobody-knows\n",
        "Dockerfile": "FROM python:3.13\nWORKDIR /code\nCOPY . .\n",
        "lib/setup.py": "setup(entry_points={'console_scripts': ['shop-copy=shop.copy:main']})\n",
        "lib/shop/__init__.py": "",
        "lib/shop/copy.py": "import shop.orders\ndef main():\n    pass\n",
        "lib/shop/orders.py": SEND,
        "other.py": SEND,
    }
    assert services(files) == [("lib/shop/orders.py", ["shop-copy"]), ("other.py", ["tests"])]


def test_a_program_that_only_another_program_imports_runs_by_itself() -> None:
    files = {
        "docker-compose.yml": COMPOSE.format(command="python jobs/web.py"),
        "Dockerfile": "FROM python:3.13\nWORKDIR /code\nCOPY . .\n",
        "jobs/web.py": "",
        "jobs/mail.py": SEND + "\nif __name__ == '__main__':\n    send()\n",
        "jobs/more_mail.py": "from mail import send\nif __name__ == '__main__':\n    send()\n",
    }
    assert services(files) == [("jobs/mail.py", ["mail"])]


def test_handlers_beside_a_container_that_runs_something_else_are_functions() -> None:
    files = {
        "lambdas/Dockerfile": "FROM python:3.13\nWORKDIR /code\nCOPY . .\nCMD ['python', 'jobs/collect.py']\n".replace(
            "'", '"'
        ),
        "lambdas/jobs/collect.py": "import os\n",
        "lambdas/handlers/upload_handler.py": (
            "from shop.upload import send\n\ndef lambda_handler(event, context):\n    send()\n"
        ),
        "lambdas/shop/upload.py": SEND,
    }
    assert services(files) == [("lambdas/shop/upload.py", ["upload_handler"])]


def test_a_wrapper_whose_queue_nobody_names_runs_in_every_service_that_calls_it() -> None:
    names = [f"job{number}" for number in range(12)]
    wrapper = (
        "import boto3\n\ndef put(url, body):\n    boto3.client('sqs').send_message(QueueUrl=url, MessageBody=body)\n"
    )
    files = {
        "Procfile": "".join(f"{name}: python {name}.py\n" for name in names),
        "bus.py": wrapper,
        **{
            f"{name}.py": "import json\nfrom bus import put\n\nput(json.load(open('x'))['url'], '')\n" for name in names
        },
    }
    assert services(files) == [("bus.py", sorted(names))]
