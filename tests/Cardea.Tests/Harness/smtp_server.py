"""A submission server for the tests, spoken to in JSON lines: faults come in on standard input, what happens goes out on standard output.

Argument: a JSON object with "certificate" (a PEM file of the chain), "key" and, when old, "tls_maximum" ("1.1").
"""

import asyncio
import base64
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, LoginPassword

USERNAME, PASSWORD = "mailer", "correct horse"


def say(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Faults:
    def __init__(self, given=None):
        given = given or {}
        self.replies = given.get("replies") or {}  # command, or "RCPT someone@example.org", or "." after DATA: the reply
        self.drop_at = given.get("drop_at")  # the command at which the connection is cut
        self.silent_at = given.get("silent_at")  # the command that gets no answer
        self.no_starttls = given.get("no_starttls", False)
        self.mechanisms = given.get("mechanisms") or ["LOGIN", "PLAIN"]


class State:
    faults = Faults()


class Server(SMTP):
    def __init__(self, implicit_tls, **options):
        super().__init__(Handler(), **options)
        self.implicit_tls = implicit_tls
        for name, method in list(self._smtp_methods.items()):
            self._smtp_methods[name] = self.spied(name, method)

    def spied(self, name, method):
        async def spy(argument):
            say(event="command", name=name, argument=None if name == "AUTH" else argument, tls=self.is_encrypted())
            keys = [name]
            if name == "RCPT" and argument:
                keys.append("RCPT " + argument.partition("<")[2].partition(">")[0])
            for key in keys:
                if await self.faulted(key):
                    return None
            return await method(argument)

        return spy

    async def faulted(self, key):
        """Does what the test asked for at this point; True when the command is thereby answered."""
        faults = State.faults
        if faults.drop_at == key:
            self.transport.abort()
            return True
        if faults.silent_at == key:
            await asyncio.sleep(3600)
        if key in faults.replies:
            await self.push(faults.replies[key])
            return True
        return False

    def is_encrypted(self):
        return self.implicit_tls or self._tls_protocol is not None


class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        kept = [r for r in responses if not r.startswith("250-AUTH") and not (State.faults.no_starttls and "STARTTLS" in r)]
        return [kept[0], "250-AUTH " + " ".join(State.faults.mechanisms), *kept[1:]]

    async def handle_AUTH(self, server, session, envelope, args):
        return MISSING if args[0] in State.faults.mechanisms else "504 5.5.4 Unrecognized authentication type"

    async def handle_DATA(self, server, session, envelope):
        if State.faults.drop_at == ".":
            server.transport.abort()
            return "451 dropped"
        if State.faults.silent_at == ".":
            await asyncio.sleep(3600)
        if "." in State.faults.replies:
            return State.faults.replies["."]
        say(event="mail", **received(server, session, envelope))
        return "250 2.0.0 taken"


def received(server, session, envelope):
    """The mail as a reader sees it, by Python's own parser."""
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)

    def body(kind):
        part = message.get_body((kind,))
        return part.get_content().replace("\r\n", "\n") if part else None

    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "tls": server.is_encrypted(),
        "signed_in_as": session.auth_data,
        "hello": session.host_name,
        "raw": base64.b64encode(envelope.content).decode(),
        "headers": [[name, str(value)] for name, value in message.items()],
        "subject": message["subject"] and str(message["subject"]),
        "text": body("plain"),
        "html": body("html"),
        "defects": [str(defect) for part in message.walk() for defect in [*part.defects, *(d for v in part.values() for d in v.defects)]],
    }


def authenticate(server, session, envelope, mechanism, credentials):
    ok = (
        isinstance(credentials, LoginPassword)
        and credentials.login == USERNAME.encode()
        and credentials.password == PASSWORD.encode()
    )
    say(event="signed_in" if ok else "sign_in_refused", mechanism=mechanism, tls=server.is_encrypted())
    return AuthResult(success=ok, handled=False, auth_data=USERNAME if ok else None)


async def main():
    options = json.loads(sys.argv[1])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(options["certificate"], options["key"])
    if options.get("tls_maximum") == "1.1":
        tls.set_ciphers("ALL:@SECLEVEL=0")
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = ssl.TLSVersion.TLSv1_1

    loop = asyncio.get_running_loop()

    # AUTH is offered without TLS too: a client that is to keep its credentials must do so by itself.
    def make(implicit_tls):
        return Server(
            implicit_tls,
            hostname="smtp.test",
            loop=loop,
            authenticator=authenticate,
            auth_require_tls=False,
            tls_context=None if implicit_tls else tls,
        )

    clear = await loop.create_server(lambda: make(False), "127.0.0.1", 0)
    implicit = await loop.create_server(lambda: make(True), "127.0.0.1", 0, ssl=tls)
    say(event="ready", port=clear.sockets[0].getsockname()[1], tls_port=implicit.sockets[0].getsockname()[1])

    while line := await loop.run_in_executor(None, sys.stdin.readline):
        State.faults = Faults(json.loads(line))
        say(event="set")


asyncio.run(main())
