import { EffectLooker, type Told } from './effect_looker';

const looker = new EffectLooker((found) => postMessage(found));
addEventListener('message', ({ data }: MessageEvent<Told>) => looker.receive(data));
