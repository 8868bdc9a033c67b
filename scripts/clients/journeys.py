"""The main journeys with the generated client and with OpenAI's SDK. Argument: the URL of a server on the tiny model."""

import asyncio
import sys
from http import HTTPStatus
from typing import Any

import openai
from softprompt_client import AuthenticatedClient
from softprompt_client.api.inference import classify, create_completion
from softprompt_client.api.operation import get_info
from softprompt_client.api.tasks import delete_task, list_tasks, put_task
from softprompt_client.models import ClassifyRequest, Completion, CompletionRequest, Problem, Task, TaskRequest

URL = sys.argv[1]
BASE = "llama-tiny"
ROWS = "".join(f'{{"text":"the film was {word} {i}","label":"{word}"}}\n' for i in range(6) for word in ("good", "bad"))


def generated() -> None:
    client = AuthenticatedClient(base_url=URL, token="none")
    info = get_info.sync(client=client)
    assert not isinstance(info, Problem) and info is not None and info.model.id == BASE
    created = put_task.sync_detailed("mood", client=client, body=TaskRequest(labels=["good", "bad"]))
    assert created.status_code == HTTPStatus.CREATED and isinstance(created.parsed, Task)
    tasks = list_tasks.sync(client=client, limit=5)
    assert not isinstance(tasks, Problem) and tasks is not None and [task.name for task in tasks.data] == ["mood"]
    whole = create_completion.sync(client=client, body=CompletionRequest(model=BASE, prompt="a film", max_tokens=3))
    assert isinstance(whole, Completion) and whole.usage.completion_tokens == 3
    ranked = classify.sync(BASE, client=client, body=ClassifyRequest(inputs=["a film"], labels=["good", "bad"]))
    assert not isinstance(ranked, Problem) and ranked is not None
    assert set(ranked.results[0].probabilities.additional_properties) == {"good", "bad"}
    refused = create_completion.sync(client=client, body=CompletionRequest(model="nobody", prompt="x"))
    assert isinstance(refused, Problem) and refused.error.param == "model"
    assert delete_task.sync_detailed("mood", client=client).status_code == HTTPStatus.NO_CONTENT


def sdk() -> None:
    client = openai.OpenAI(base_url=f"{URL}/v1", api_key="none", max_retries=0)
    assert [model.id for model in client.models.list()] == [BASE]
    request: dict[str, Any] = {"model": BASE, "prompt": "a film", "max_tokens": 4, "temperature": 0}
    whole = client.completions.create(**request)
    text = "".join(chunk.choices[0].text for chunk in client.completions.create(**request, stream=True))
    assert text == whole.choices[0].text
    raw = client.completions.with_raw_response.create(**request)
    assert raw.headers["x-request-id"] and raw.parse().choices[0].text == text
    try:
        client.completions.create(**{**request, "model": "nobody"})
        raise AssertionError("an unknown model was served")
    except openai.NotFoundError as error:
        assert error.param == "model" and error.type == "not_found_error"
    file = client.files.create(file=("rows.jsonl", ROWS.encode()), purpose="fine-tune")
    assert client.files.content(file.id).read() == ROWS.encode()
    job = client.fine_tuning.jobs.create(model=BASE, training_file=file.id, suffix="mood")
    assert client.fine_tuning.jobs.retrieve(job.id).id == job.id
    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    assert [event.object for event in client.fine_tuning.jobs.list_events(job.id)][0] == "fine_tuning.job.event"
    assert list(client.fine_tuning.jobs.checkpoints.list(job.id)) == []
    assert [one.id for one in client.fine_tuning.jobs.list()] == [job.id]
    assert client.files.delete(file.id).deleted


async def sdk_async() -> None:
    client = openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="none", max_retries=0)
    messages = [{"role": "user", "content": "a film"}]
    request: dict[str, Any] = {"model": BASE, "messages": messages, "max_tokens": 4, "temperature": 0}
    whole = await client.chat.completions.create(**request)
    text = ""
    async for chunk in await client.chat.completions.create(**request, stream=True):
        text += chunk.choices[0].delta.content or ""
    assert text == whole.choices[0].message.content


generated()
print("generated client: ok")
sdk()
print("openai, sync: ok")
asyncio.run(sdk_async())
print("openai, async: ok")
