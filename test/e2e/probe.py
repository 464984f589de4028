"""What the end-to-end tests cannot do with Node's own sockets: ICMP, TTL, fragments. Prints one line of JSON.

    probe.py ping ADDRESS [SIZE [TTL]]     the echo reply, or the ICMP error about it
    probe.py udp ADDRESS PORT SIZE TTL DF  sends one datagram (DF: 1 or 0), prints the ICMP error that comes back
    probe.py receive PORT COUNT            says 'ready', then the sizes of COUNT datagrams and whether their bytes are right
"""
import json
import os
import socket
import struct
import sys

PATIENCE = 20
ECHO_REPLY, ECHO, ERRORS = 0, 8, {3: 'unreachable', 5: 'redirect', 11: 'timeexceeded', 12: 'parameterproblem'}


def say(**what):
    print(json.dumps(what), flush=True)


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pattern(size):
    return bytes(i * 7 % 251 for i in range(size))


def icmp_socket():
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    icmp.settimeout(PATIENCE)
    return icmp


def answers(icmp):
    while True:
        packet, (source, _) = icmp.recvfrom(65535)
        body = packet[(packet[0] & 15) * 4:]
        yield source, body, checksum(body) == 0


def error(source, body, valid):
    quoted = body[8:]
    return {
        'error': ERRORS[body[0]],
        'code': body[1],
        'from': source,
        'valid': valid,
        'mtu': struct.unpack('!H', body[6:8])[0],
        'about': socket.inet_ntoa(quoted[16:20]),
    }


def ping(address, size=56, ttl=64):
    icmp = icmp_socket()
    icmp.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
    identifier = os.getpid() & 0xFFFF
    data = pattern(int(size))
    head = struct.pack('!BBHHH', ECHO, 0, 0, identifier, 1)
    icmp.sendto(struct.pack('!BBHHH', ECHO, 0, checksum(head + data), identifier, 1) + data, (address, 0))
    for source, body, valid in answers(icmp):
        if body[0] in ERRORS:
            return say(**error(source, body, valid))
        if body[0] == ECHO_REPLY and struct.unpack('!HH', body[4:8]) == (identifier, 1):
            return say(**{'reply': body[8:] == data, 'from': source, 'valid': valid})


def udp(address, port, size, ttl, df):
    icmp = icmp_socket()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
    sender.setsockopt(socket.IPPROTO_IP, 10, 2 if int(df) else 0)  # IP_MTU_DISCOVER: do, or do not
    sender.sendto(pattern(int(size)), (address, int(port)))
    for source, body, valid in answers(icmp):
        if body[0] in ERRORS:
            return say(**error(source, body, valid))


def receive(port, count):
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(('0.0.0.0', int(port)))
    sink.settimeout(PATIENCE)
    say(ready=True)
    for _ in range(int(count)):
        data = sink.recv(65535)
        say(size=len(data), right=data == pattern(len(data)))


try:
    {'ping': ping, 'udp': udp, 'receive': receive}[sys.argv[1]](*sys.argv[2:])
except TimeoutError:
    say(timeout=True)
