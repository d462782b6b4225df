import { Problem } from './problem';

/** What the hub gives for navigator.credentials: as that wants it, but bytes are base64url. */
export interface CreationOptions {
  publicKey: {
    challenge: string;
    rp: { id: string; name: string };
    user: { id: string; name: string; displayName: string };
    pubKeyCredParams: { type: 'public-key'; alg: number }[];
    timeout: number;
    attestation: 'none';
    authenticatorSelection: AuthenticatorSelectionCriteria;
    excludeCredentials: { type: 'public-key'; id: string }[];
  };
}

export interface RequestOptions {
  challenge: string;
  rpId: string;
  timeout: number;
  userVerification: UserVerificationRequirement;
  allowCredentials: { type: 'public-key'; id: string }[];
}

/** Whether passkeys can be made and shown on this page, and why not. */
export type PasskeyPlace = { ok: true } | { ok: false; why: 'hub' | 'address' | 'browser'; at: string };

interface Page {
  protocol: string;
  hostname: string;
  port: string;
  origin: string;
}

/** `at`: what the hub says of where they work; without a port any will do. An authenticator ties a passkey to that name. */
export function passkeyPlace(at: string | null, page: Page, browserCan: boolean): PasskeyPlace {
  if (at === null) return { ok: false, why: 'hub', at: '' };
  const local = at === 'http://localhost';
  const here = local ? page.hostname === 'localhost' : page.origin === at;
  if (!here) return { ok: false, why: 'address', at: local ? `${page.protocol}//localhost${page.port && `:${page.port}`}` : at };
  return browserCan ? { ok: true } : { ok: false, why: 'browser', at };
}

export const passkeysHere = (at: string | null): PasskeyPlace =>
  passkeyPlace(at, location, typeof PublicKeyCredential !== 'undefined' && isSecureContext);

export function bytesOf(text: string): ArrayBuffer {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer;
}

export function textOf(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

const known = (list: { type: 'public-key'; id: string }[]) => list.map((one) => ({ type: one.type, id: bytesOf(one.id) }));

/** The browser's refusals say little on purpose; a person who closed its window knows. */
async function asked<T>(asking: Promise<Credential | null>, use: (credential: PublicKeyCredential) => T): Promise<T> {
  let credential: Credential | null;
  try {
    credential = await asking;
  } catch (error) {
    const taken = error instanceof DOMException && error.name === 'InvalidStateError';
    throw new Problem(-1, 'passkey', taken ? 'This device has a passkey of yours already' : 'No passkey was given', taken ? '' : 'The browser’s window was closed, or there is none here.');
  }
  return use(credential as PublicKeyCredential);
}

export function makePasskey({ publicKey }: CreationOptions): Promise<unknown> {
  const options: PublicKeyCredentialCreationOptions = {
    ...publicKey,
    challenge: bytesOf(publicKey.challenge),
    user: { ...publicKey.user, id: bytesOf(publicKey.user.id) },
    excludeCredentials: known(publicKey.excludeCredentials),
  };
  return asked(navigator.credentials.create({ publicKey: options }), (credential) => {
    const response = credential.response as AuthenticatorAttestationResponse;
    return { id: textOf(credential.rawId), clientDataJSON: textOf(response.clientDataJSON), attestationObject: textOf(response.attestationObject) };
  });
}

export function showPasskey(publicKey: RequestOptions): Promise<unknown> {
  const options: PublicKeyCredentialRequestOptions = {
    ...publicKey, challenge: bytesOf(publicKey.challenge), allowCredentials: known(publicKey.allowCredentials),
  };
  return asked(navigator.credentials.get({ publicKey: options }), (credential) => {
    const response = credential.response as AuthenticatorAssertionResponse;
    return {
      id: textOf(credential.rawId), clientDataJSON: textOf(response.clientDataJSON),
      authenticatorData: textOf(response.authenticatorData), signature: textOf(response.signature),
      userHandle: response.userHandle && textOf(response.userHandle),
    };
  });
}
