// TextEncoder and TextDecoder. Imported first: the URL library asks for both while it loads.

import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding-lite.js';
import { defineGlobal } from './primordials.js';

defineGlobal('TextEncoder', TextEncoder);
defineGlobal('TextDecoder', TextDecoder);
