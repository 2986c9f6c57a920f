// The contract as the templates need it, read from a descriptor set with comments.

export type Rpc = {
  /** As in the contract, such as `CreateSession`. */
  readonly name: string;
  /** Its comment as one paragraph. */
  readonly comment: string;
  readonly request: Message;
  readonly response: Message;
  readonly service: Service;
};

export type Service = {
  /** As in the contract, such as `SessionService`. */
  readonly name: string;
  /** Without `Service`, in snake_case: `session`. */
  readonly stem: string;
  /** The file that holds it, without ending: `session`. */
  readonly file: string;
  /** All unary RPCs. Streams are written by hand. */
  readonly rpcs: readonly Rpc[];
};

export type Message = { readonly name: string; readonly file: string };

export type Contract = {
  /** Stems of all files of the package, by name. */
  readonly files: readonly string[];
  readonly services: readonly Service[];
  readonly messages: readonly Message[];
  readonly enums: readonly Message[];
  /** Names of the request fields that hold secrets (`debug_redact`), by name. */
  readonly secretFields: readonly string[];
};

/** RPCs whose methods are written by hand: their answers are verdicts. */
export const BY_HAND: readonly string[] = ['Verify', 'BatchVerify'];

type Named = { readonly name: string };
type Field = Named & { readonly options?: { readonly debugRedact?: boolean } };
type Method = Named & {
  readonly inputType: string;
  readonly outputType: string;
  readonly clientStreaming?: boolean;
  readonly serverStreaming?: boolean;
};
type File = Named & {
  readonly package: string;
  readonly messageType?: readonly (Named & { readonly field?: readonly Field[] })[];
  readonly enumType?: readonly Named[];
  readonly service?: readonly (Named & { readonly method: readonly Method[] })[];
  readonly sourceCodeInfo: { readonly location: readonly { path?: readonly number[]; leadingComments?: string }[] };
};

const PACKAGE = 'trust.v1';
// Numbers of fields in descriptor.proto, of which the paths of comments are made.
const SERVICE = 6;
const METHOD = 2;

export function readContract(set: { readonly file: readonly File[] }): Contract {
  const files = set.file.filter((file) => file.package === PACKAGE).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const stem = (file: File) => file.name.replace(/^.*\/|\.proto$/g, '');
  const messages = files.flatMap((file) => (file.messageType ?? []).map(({ name }) => ({ name, file: stem(file) })));
  const known = new Map(messages.map((message) => [`.${PACKAGE}.${message.name}`, message]));
  const services = files.flatMap((file) =>
    (file.service ?? []).map(({ name, method }, s) => {
      const rpcs: Rpc[] = [];
      const service = { name, stem: snake(name.replace(/Service$/, '')), file: stem(file), rpcs };
      for (const [m, { name, inputType, outputType, clientStreaming, serverStreaming }] of method.entries()) {
        const [request, response] = [known.get(inputType), known.get(outputType)];
        if (request === undefined || response === undefined) throw new Error(`${name}: messages of another package`);
        const comment = commentAt(file, [SERVICE, s, METHOD, m]);
        if (!comment.startsWith(`${name} `)) throw new Error(`${name}: its comment must begin with its name`);
        if (!clientStreaming && !serverStreaming) rpcs.push({ name, comment, request, response, service });
      }
      return service;
    }),
  );
  const requests = new Set(services.flatMap(({ rpcs }) => rpcs.map(({ request }) => request.name)));
  const secrets = files
    .flatMap(({ messageType = [] }) => messageType.filter(({ name }) => requests.has(name)))
    .flatMap(({ field = [] }) => field.filter(({ options }) => options?.debugRedact).map(({ name }) => name));
  return {
    files: files.map(stem),
    services,
    messages,
    enums: files.flatMap((file) => (file.enumType ?? []).map(({ name }) => ({ name, file: stem(file) }))),
    secretFields: [...new Set(secrets)].toSorted(),
  };
}

function commentAt({ sourceCodeInfo }: File, path: readonly number[]): string {
  const place = sourceCodeInfo.location.find((location) => location.path?.join() === path.join());
  return (place?.leadingComments ?? '').trim().replaceAll(/\s+/g, ' ');
}

export const lowerFirst = (name: string) => (name[0] ?? '').toLowerCase() + name.slice(1);
export const upperFirst = (name: string) => (name[0] ?? '').toUpperCase() + name.slice(1);
export const snake = (name: string) => lowerFirst(name).replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const camel = (name: string) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Breaks a text at spaces into lines of at most `width`, each behind `prefix`. */
export function wrap(text: string, prefix: string, width = 120): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && prefix.length + line.length + 1 + word.length > width) {
      lines.push(prefix + line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, prefix + line].join('\n');
}
