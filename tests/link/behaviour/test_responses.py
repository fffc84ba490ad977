"""What becomes of the answer of a batch call."""

import pytest

SQS = """
import boto3, logging
sqs = boto3.client("sqs")
log = logging.getLogger()
def send(es):
    {line}
"""
CALL = 'sqs.send_message_batch(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q", Entries=es)'
EVENTS = SQS.replace("sqs", "events")
PUT = "events.put_events(Entries=es)"


@pytest.mark.parametrize(
    ("line", "response"),
    [
        ("CALL", "dropped"),
        ("r = CALL", "dropped"),
        ("r = CALL; log.info(r)", "dropped"),
        ("r = CALL; print(r['Successful'])", "dropped"),
        ("r = CALL\n    if r.get('Failed'): raise OSError", "failures-read"),
        ("r = CALL\n    for f in r['Failed']: print(f)", "failures-read"),
        ("r = CALL\n    if 'Failed' in r: raise OSError", "failures-read"),
        ("check(CALL)", "used"),
        ("r = CALL; check(r)", "used"),
        ("return CALL", "returned"),
        ("r = CALL\n    return r", "returned"),
    ],
)
def test_of_a_batch_to_a_queue(line, response, facts):
    assert facts(SQS.format(line=line.replace("CALL", CALL)), "produce")["response"] == response


@pytest.mark.parametrize(
    ("line", "response"),
    [
        ("PUT", "dropped"),
        ("if PUT['FailedEntryCount']: raise OSError", "failures-read"),
        ("r = PUT\n    bad = [e for e in r['Entries'] if 'ErrorCode' in e]", "failures-read"),
        ("return PUT", "returned"),
        ("self.last = PUT", "used"),
    ],
)
def test_of_events(line, response, facts):
    assert facts(EVENTS.format(line=line.replace("PUT", PUT)), "produce")["response"] == response


def test_of_the_resource_interface(facts):
    code = """
    import boto3
    q = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/q")
    def send(es):
        answer = q.send_messages(Entries=es)
        return len(answer.get("Failed", []))
    """
    assert facts(code, "produce")["response"] == "failures-read"


def test_of_a_batch_that_a_thread_sends(facts):
    code = """
import asyncio, boto3
k = boto3.client("kinesis")
async def run(records):
    answer = await asyncio.to_thread(k.put_records, StreamName="s", Records=records)
    if answer["FailedRecordCount"]: raise OSError
"""
    assert facts(code, "produce")["response"] == "failures-read"
