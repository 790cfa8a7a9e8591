// `leashctl token`: the token of the viewer, for who may read it.

import { visibleJson } from '../../../shared/visible-text.ts';
import { readToken, tokenPath } from '../../access/token.ts';
import { type Call, EXIT, hasCode, type Verb } from '../table/verb.ts';

export const TOKEN_VERB: Verb = {
  name: 'token',
  group: 'leash',
  help: 'print the token of the viewer',
  exits: {
    failure: 'it is off, or empty',
    unreachable: 'there is none yet: leash makes it at its first start',
  },
  run: runToken,
};

async function runToken({ config, json, io }: Call): Promise<number> {
  try {
    const token = await readToken(config);
    if (token !== null) {
      io.out(json ? visibleJson({ token }) : token);
      return EXIT.ok;
    }
    io.err(
      config.viewerToken === 'off'
        ? 'there is no token: LEASH_VIEWER_TOKEN is "off"'
        : `there is no token: ${tokenPath(config.stateDir)} is empty`,
    );
    return EXIT.failure;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    io.err(
      `there is no token: leash makes ${tokenPath(config.stateDir)} at its first start; LEASH_STATE_DIR says where leash keeps it`,
    );
    return EXIT.unreachable;
  }
}
