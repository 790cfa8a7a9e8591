// pino-roll ships no types; this is the part of its options that leash uses.
declare module 'pino-roll' {
  import type { SonicBoom } from 'sonic-boom';

  type Options = {
    file: string;
    size: string;
    sync: boolean;
    mkdir: boolean;
    limit: { count: number; removeOtherLogFiles: boolean };
  };
  function pinoRoll(options: Options): Promise<SonicBoom>;
  export = pinoRoll;
}
