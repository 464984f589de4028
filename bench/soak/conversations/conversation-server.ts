/** Sends back what it gets, by TCP and UDP: a program of its own in the server's namespace. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { ServerMessage, ServerSettings } from './messages.ts';

const { address, tcpPort, udpPort } = JSON.parse(process.argv[2] ?? '') as ServerSettings;

function tell(message: ServerMessage): void {
  process.send?.(message);
}

const tcp = createServer({ allowHalfOpen: false }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
tcp.on('error', (error) => tell({ kind: 'failure', message: error.message }));

const udp = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
udp.on('error', (error) => tell({ kind: 'failure', message: error.message }));
udp.on('message', (data, { address: to, port }) => udp.send(data, port, to));

process.on('disconnect', () => process.exit(0));
udp.bind(udpPort, address, () => tcp.listen(tcpPort, address, 1024, () => tell({ kind: 'ready' })));
