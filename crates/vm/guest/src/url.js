// URL and URLSearchParams, as the WHATWG standard has them.

import whatwgUrl from 'whatwg-url';
import { defineGlobal } from './primordials.js';

defineGlobal('URL', whatwgUrl.URL);
defineGlobal('URLSearchParams', whatwgUrl.URLSearchParams);
