"""Fuzz a session of the relay with whatever a client may say: `fuzz.engine` says how to run it.

The first octet of an input picks how the upstream behaves, the second in how long pieces it comes.
"""

from fuzz.engine import Target, main, pieces

DICTIONARY = r"""
EHLO x\r\n|HELO x\r\n|MAIL FROM:<a@b.ex>|RCPT TO:<c@d.ex>|DATA\r\n|RSET\r\n|NOOP\r\n|QUIT\r\n|STARTTLS\r\n
VRFY x\r\n|PROXY x|\r\n.\r\n|\n.\n|\r\n|\r|\n|.\r\n|\x00|<>|<|>|:|@|"|\x5c|[192.0.2.1]|[IPv6:::1]|@x,@y:
 SIZE=| BODY=8BITMIME| SMTPUTF8| RET=HDRS| ENVID=| AUTH=<>| NOTIFY=NEVER| ORCPT=rfc822;|+2B|\xc3\xbc
=?utf-8?q?=40?=|Received: x\r\n
"""

if __name__ == "__main__":
    main(
        Target(name="session", instrumented="relay", module="fuzz.session_target", tokens=pieces(DICTIONARY))
    )
