/**
 * Signatures of element libraries and sources: ed25519 over the bytes of the file, in FILE.sig beside it, one line:
 *
 *     hotclick-ed25519 KEY-ID BASE64
 *
 * KEY-ID is the beginning of the SHA-256 of the public key and only helps to say whose signature it is.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { HotclickError } from '../../errors.ts';

const format = 'hotclick-ed25519';
const signatureBytes = 64;

export interface KeyFiles {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly keyId: string;
}

/** Makes a key pair: FILE, which only its owner can read, and FILE.pub. @throws HotclickError HC_KEY when one exists */
export async function makeKeys(file: string): Promise<KeyFiles> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicFile = `${file}.pub`;
  await writeNew(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  await writeNew(publicFile, publicKey.export({ type: 'spki', format: 'pem' }), 0o644);
  return { privateKey: file, publicKey: publicFile, keyId: keyIdOf(publicKey) };
}

export interface SignedFile {
  readonly file: string;
  readonly signature: string;
  readonly keyId: string;
}

/** Writes FILE.sig. @throws HotclickError HC_KEY, HC_ARGUMENT */
export async function signFile(file: string, keyFile: string): Promise<SignedFile> {
  const key = await readKey(keyFile, createPrivateKey, 'a private key');
  const content = await readFile(file).catch((cause: Error) => {
    throw new HotclickError('HC_ARGUMENT', `${file} cannot be read: ${cause.message}`, { cause });
  });
  const keyId = keyIdOf(createPublicKey(key));
  const signature = `${file}.sig`;
  const line = `${format} ${keyId} ${sign(null, content, key).toString('base64')}\n`;
  await writeFile(signature, line).catch((cause: Error) => {
    throw new HotclickError('HC_ARGUMENT', `${signature} cannot be written: ${cause.message}`, { cause });
  });
  return { file, signature, keyId };
}

/** A key whose signatures are accepted. */
export interface TrustedKey {
  readonly file: string;
  readonly keyId: string;
  readonly key: KeyObject;
}

/** @throws HotclickError HC_KEY when it is no ed25519 public key */
export async function readTrustedKey(file: string): Promise<TrustedKey> {
  const key = await readKey(file, readPublicKey, 'a public key');
  return { file, keyId: keyIdOf(key), key };
}

/** Why a signature is not good; undefined when it is. `text`: what stands in FILE.sig. */
export function signatureFault(
  content: Uint8Array,
  text: string,
  trusted: readonly TrustedKey[],
): string | undefined {
  const [name, keyId = '', encoded = '', ...more] = text.trim().split(/\s+/);
  const signature = Buffer.from(encoded, 'base64');
  if (name !== format || more.length > 0 || signature.length !== signatureBytes)
    return 'is not a signature, or not a whole one';
  const candidates = trusted.filter((one) => one.keyId === keyId);
  if (candidates.length === 0) return `was made with the key ${keyId}, which is not trusted here`;
  return candidates.some(({ key }) => verify(null, content, key, signature))
    ? undefined
    : 'does not belong to this content';
}

export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/** Of a private key node would work out the public one: here that would only hide a mistake. */
function readPublicKey(pem: Buffer): KeyObject {
  if (pem.includes('PRIVATE KEY')) throw new Error('it is a private key, which belongs to whoever signs');
  return createPublicKey(pem);
}

async function readKey(file: string, read: (pem: Buffer) => KeyObject, what: string): Promise<KeyObject> {
  try {
    const key = read(await readFile(file));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is of type ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HotclickError('HC_KEY', `${file} cannot be used as ${what}: ${why}`, { cause });
  }
}

async function writeNew(file: string, text: string | Buffer, mode: number): Promise<void> {
  await writeFile(file, text, { mode, flag: 'wx' }).catch((cause: Error) => {
    throw new HotclickError('HC_KEY', `the key ${file} cannot be written: ${cause.message}`, { cause });
  });
}
