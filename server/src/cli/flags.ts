/** Flags that several commands share. */
export const DEV = ['--dev', 'configure as for development: no master key needed, reflection on'] as const;
export const TENANT = ['--tenant <id>', 'tenant id', 'default'] as const;
export const JSON_FLAG = ['--json', 'print one line of JSON'] as const;
