/** A router that translates the client's addresses, between devices whose neighbours are known. */
import type { NetworkLab } from '../../lab/network-lab.ts';

export function natConfiguration({ client, server, engine }: NetworkLab): string {
  const { clientSide, serverSide } = engine;
  return `nat :: IPRewriter(pattern ${serverSide.ip} 1024-65535 - - 0 1, drop)

elementclass Packets {
  input -> kinds :: Classifier(12/0800, -) -> Strip(14) -> CheckIPHeader -> output
  kinds[1] -> Discard
}
FromDevice(${clientSide.device}, PROMISC true) -> Packets -> [0]nat
FromDevice(${serverSide.device}, PROMISC true) -> Packets -> [1]nat
nat[0] -> EtherEncap(0x0800, ${serverSide.mac}, ${server.mac}) -> ToDevice(${serverSide.device})
nat[1] -> EtherEncap(0x0800, ${clientSide.mac}, ${client.mac}) -> ToDevice(${clientSide.device})
`;
}
