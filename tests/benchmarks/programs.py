"""Python programs about messages from a small grammar: templates whose holes are filled by drawing.

A hole is ``<kind>``: an expression, a name, a text, a block of statements ... What comes out parses, and is otherwise
as odd as the grammar allows: names that are bound to themselves, classes in loops, clients of nothing.
"""

from __future__ import annotations

import random
import re

DEEPEST = 3
"""How deep expressions and blocks nest."""

_HOLE = re.compile(r"<(\w+)>")

_WORDS = {
    "name": "client sqs producer consumer topic queue message batch settings self cls handler x y _ os Bus run match",
    "module": "boto3 confluent_kafka kafka aiokafka celery kombu faststream app.bus app.names os typing . .. .names",
    "attribute": (
        "send_message receive_message delete_message send produce poll consume subscribe publish put_events put_record "
        "commit flush Queue Message Topic get_queue_url get environ getenv client resource format join task delay id"
    ),
    "keyword": "QueueUrl topic value key group_id MaxNumberOfMessages WaitTimeSeconds Entries bootstrap_servers args",
    "operator": "+ % - * or and == in is_not if_x_else",
    "service": "sqs sns kinesis events x",
    "made": "kafka.KafkaProducer confluent_kafka.Producer kafka.KafkaConsumer celery.Celery dict type Bus topic",
    "imported": "* client Queue names x",
}
_CHOICES = {
    "parameters": ("", "self", "self, topic='t', *, key=None", "x, /, *a, **k", "event, context", "topic: str = x"),
    "number": ("(1)", "(-1)", "(1_0.5e3j)", "(0xFF)", "(...)", "None", "(99999999999999999999)"),
    "text": (
        "'orders'", "'https://sqs.eu-west-1.amazonaws.com/1/orders'", "'arn:aws:sqs:eu-west-1:1:orders'", "''", "'sqs'",
        "'{}'", "'%s'", "'%(a)s'", "'{x!r:>{y}}'", "'{'", "'%'", "'{0[a].b}'", "'group.id'", "'bootstrap.servers'",
        "'\\N{DIGIT ONE}'", "'\\ud800'", "'ü\\x00'", "b'orders'", "r'\\d'", "'a' 'b'", f"'{'a' * 300}'",
        "f'orders-{x}'", "f'{x!r:>{y}}'", "f'{x=}'", "f'{{}}'", "f'{client.y[0]}' 'q'",
    ),
    "arguments": ("", "<inner>", "<inner>, <keyword>=<inner>", "<keyword>=<inner>", "*<inner>, **<inner>"),
}  # fmt: skip
_EXPRESSIONS = """\
<name>
<text>
<inner>.<attribute>(<arguments>)
<name>.<attribute>(<arguments>)
boto3.client(<text>).<attribute>(<arguments>)
<made>(<arguments>)
<name>.<attribute>
<name>(<arguments>)
os.environ[<text>]
os.environ.get(<text>, <inner>)
(<inner> <operator> <inner>)
[<inner>, *<inner>]
{<inner>: <inner>, **<inner>}
{<inner>, <inner>}
(<inner>,)
<inner>[<inner>]
<inner>[<inner>:<inner>]
(lambda <name>=1, *a, **k: <inner>)
[<inner> for <name> in <inner> if <inner>]
(<name> := <inner>)
(not <inner>)
<inner>.format(<arguments>)
<inner>.join([<inner>, <inner>])""".splitlines()
_SIMPLE = """\
<expression>
<name> = <expression>
<name>.<attribute> = <expression>
<name>[<expression>] = <expression>
<name>, *<name> = <expression>
<name> += <expression>
<name>: <expression> = <expression>
from <module> import <imported>
global <name>
del <name>
assert <expression>, <expression>
raise <name> from <expression>
return <expression>
yield <expression>
pass""".splitlines()
_MESSAGES = """\
client = boto3.client('<service>')
client.send_message(QueueUrl=<expression>, MessageBody=<expression>)
client.receive_message(QueueUrl=<expression>, WaitTimeSeconds=<expression>)
client.publish(TopicArn=<expression>, Message=<expression>)
queue = boto3.resource('sqs').get_queue_by_name(QueueName=<expression>)
producer = <made>(<expression>)
producer.send(<expression>, <expression>)
producer.produce(<expression>, <arguments>)
for message in kafka.KafkaConsumer(<expression>, group_id=<expression>):/<block>
while message := consumer.poll(<expression>):/<block>
consumer = confluent_kafka.Consumer({'group.id': <expression>})
consumer.subscribe([<expression>])
app = celery.Celery('x', broker=<text>)
@app.task(queue=<expression>)/def <name>(<parameters>):/<block>""".splitlines()
_COMPOUND = """\
def <name>(<parameters>):/<block>
@<name>.<attribute>(<expression>)/def <name>(<parameters>):/<block>
async def <name>(<parameters>):/<block>
class <name>(<name>, metaclass=<name>):/<block>
class <name>:/    def __init__(<parameters>):/    <block>/<block>
while True:/<block>/else:/<block>
for <name> in <expression>:/<block>
if <expression>:/<block>/elif <expression>:/<block>/else:/<block>
try:/<block>/except <name> as e:/<block>/finally:/<block>
try:/<block>/except* (<name>, <name>):/    pass
with <expression> as <name>, <expression>:/<block>
match <expression>:/    case {'a': <name>, **rest} if <expression>:/    <block>/    case _:/        pass
type <name>[T: int] = <expression>""".splitlines()


def program(random: random.Random) -> str:
    """A module of up to six statements."""
    head = "import boto3, kafka, aiokafka, confluent_kafka, os, celery\nfrom app.bus import *\n"
    return head + "".join(_statement(random, 0) + "\n" for _ in range(random.randrange(1, 7)))


def _expression(random: random.Random, depth: int) -> str:
    if depth > DEEPEST:
        return _filled(random, random.choice(("<name>", "<text>", "<number>")), depth)
    return _filled(random, random.choice(_EXPRESSIONS), depth)


def _statement(random: random.Random, depth: int) -> str:
    forms = (_SIMPLE, _MESSAGES, _COMPOUND) if depth < DEEPEST else (_SIMPLE,)
    lines = random.choice(random.choice(forms)).split("/")
    return "\n".join(_line(random, line, depth) for line in lines)


def _line(random: random.Random, line: str, depth: int) -> str:
    """A line of a statement; a block takes as many lines as it has statements, indented from where it stands."""
    if not line.endswith("<block>"):
        return _filled(random, line, 0)
    start = line.removesuffix("<block>") + "    "
    inner = "\n".join(_statement(random, depth + 1) for _ in range(random.randrange(1, 3)))
    return "\n".join(start + one for one in inner.split("\n"))


def _filled(random: random.Random, template: str, depth: int) -> str:
    """``template`` with something in each hole."""

    def fill(hole: re.Match[str]) -> str:
        kind = hole[1]
        if kind in _WORDS:
            return random.choice(_WORDS[kind].split()).replace("_not", " not").replace("_x_", " x ")
        if kind in _CHOICES:
            return _filled(random, random.choice(_CHOICES[kind]), depth)
        return _expression(random, depth + 1)

    return _HOLE.sub(fill, template)
