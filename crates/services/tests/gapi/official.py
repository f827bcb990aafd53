"""Prints the requests that Google's official client sends for a list of calls.

Reads the list from standard input (calls.json beside this file says what one looks like) and prints {calls, batch}:
a list of what is sent for each, and what is sent for those of Gmail without media as one batch. Each is {method, uri,
headers, body}, the body in base64. Nothing leaves the machine: documents are those that the client ships, and what
would be sent is written down instead.
"""

import base64
import io
import json
import sys

import httplib2
from googleapiclient.discovery import build, fix_method_name, key2param
from googleapiclient.errors import BatchError
from googleapiclient.http import MediaIoBaseUpload


class Recorder(httplib2.Http):
    """Writes a request down and answers that all is well."""

    def request(self, uri, method="GET", body=None, headers=None, **_):
        if isinstance(body, str):
            body = body.encode()
        self.sent = {
            "method": method,
            "uri": uri,
            "headers": dict(headers or {}),
            "body": None if body is None else base64.b64encode(body).decode(),
        }
        return httplib2.Response({"status": "200", "content-type": "application/json"}), b"{}"


def media(given):
    data = given["body"].encode() if "body" in given else base64.b64decode(given["bodyBase64"])
    return MediaIoBaseUpload(io.BytesIO(data), mimetype=given["mimeType"], resumable=False)


def service(call, services):
    name = (call["api"], call["version"])
    if name not in services:
        services[name] = build(*name, http=Recorder(), static_discovery=True)
    return services[name]


def request(call, services):
    *resources, method = call["method"].split(".")
    resource = service(call, services)
    for step in resources:
        resource = getattr(resource, fix_method_name(step))()
    params = dict(call["params"])
    arguments = {}
    if "requestBody" in params:
        arguments["body"] = params.pop("requestBody")
    if "media" in params:
        arguments["media_body"] = media(params.pop("media"))
    if params.get("alt") == "media":
        del params["alt"]
        method += "_media"
    arguments.update({key2param(key): value for key, value in params.items()})
    return getattr(resource, fix_method_name(method))(**arguments)


def record(call, services):
    recorder = Recorder()
    request(call, services).execute(http=recorder)
    return recorder.sent


def record_batch(calls, services):
    recorder = Recorder()
    batch = service(calls[0], services).new_batch_http_request()
    for call in calls:
        batch.add(request(call, services))
    try:
        batch.execute(http=recorder)
    except BatchError:
        pass  # What the recorder answers is no batch.
    return recorder.sent


services = {}
calls = json.load(sys.stdin)
batched = [call for call in calls if call["api"] == "gmail" and "media" not in call["params"]]
sent = {"calls": [record(call, services) for call in calls], "batch": record_batch(batched, services)}
json.dump(sent, sys.stdout)
