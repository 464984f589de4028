/**
 * The HTTP server of the downloads, a program of its own in the server's namespace: `GET /N` is download number N.
 * It paces all downloads so that the engine and the links are busy but never overloaded.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { contentPieces } from './download-content.ts';
import type { ServerCommand, ServerMessage, ServerSettings } from './download-messages.ts';

/** Every download gets a chunk this often. */
const chunkIntervalMs = 25;
/** The downloads take turns within the interval, so that the load is even. */
const turns = 5;

const settings = JSON.parse(process.argv[2] ?? '') as ServerSettings;
const chunkBytes = Math.max(
  1,
  Math.round((settings.rate / 8 / settings.connections) * (chunkIntervalMs / 1000)),
);
const bytes = new Array<number>(settings.connections).fill(0);
const responses = new Map<number, ServerResponse>();
const retransmitsBefore = retransmittedSegments();

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  const download = Number(request.url?.slice(1));
  if (
    !Number.isInteger(download) ||
    download < 0 ||
    download >= settings.connections ||
    responses.has(download)
  ) {
    response.writeHead(404).end();
    return;
  }
  request.socket.setNoDelay(true);
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  responses.set(download, response);
  response.once('close', () => responses.delete(download));
});

let turn = 0;
const timer = setInterval(() => {
  for (const [download, response] of responses) {
    // A receiver that is behind gets nothing more until its backlog is gone, as from any server.
    if (download % turns === turn && !response.writableNeedDrain) sendChunk(download, response);
  }
  turn = (turn + 1) % turns;
}, chunkIntervalMs / turns);

function sendChunk(download: number, response: ServerResponse): void {
  const offset = bytes[download] ?? 0;
  for (const piece of contentPieces(download, offset, chunkBytes)) response.write(piece);
  bytes[download] = offset + chunkBytes;
}

function retransmittedSegments(): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf('RetransSegs') ?? -1] ?? 0);
}

function tell(message: ServerMessage): void {
  process.send?.(message);
}

process.on('message', (command: ServerCommand) => {
  if (command === 'finish') {
    clearInterval(timer);
    for (const response of responses.values()) response.end();
  }
  tell({ kind: 'report', retransmits: retransmittedSegments() - retransmitsBefore, bytes });
});
// Nobody is left to serve for.
process.on('disconnect', () => process.exit(0));

server.on('error', (error) => tell({ kind: 'failure', message: error.message }));
server.listen(settings.port, settings.address, settings.connections * 2, () => tell({ kind: 'ready' }));
