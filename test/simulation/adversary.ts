import { FAULTS } from './plan.ts';
import type { World } from './world.ts';

/** Breaks things from time to time, and some just after a change, as the plan says. */
export function harass(world: World): void {
  world.database.onCommit = () => ambush(world);
  strikeOnAndOn(world);
}

/** What hurts most: the change is there and does not get through. */
function ambush({ random, plan, timeline, network, sdks, nodes }: World): void {
  if (!random.chance(plan.ambushes)) return;
  const sdk = random.pick(sdks);
  timeline.after(plan.ambushMs * random.next(), () => {
    const span = random.chance(plan.longFaults / 2) ? 1.1 * plan.feed.windowMs : random.between(1_500, 3_000);
    for (const node of nodes) network.part(node.process.name, sdk.process.name, span);
  });
}

function strikeOnAndOn(world: World): void {
  const { timeline, random, plan } = world;
  timeline.after(plan.faultEveryMs * random.between(0.2, 1.8), () => {
    strike(world);
    strikeOnAndOn(world);
  });
}

function strike(world: World): void {
  const { timeline, random, network, plan } = world;
  const node = random.pick(world.nodes);
  const sdk = random.pick(world.sdks);
  const long = random.chance(plan.longFaults);
  const span = long
    ? random.between(1, 1.6) * plan.feed.windowMs
    : random.pick([50, 500, 2_500]) * random.between(0.2, 1);
  const victim = random.chance(0.5) ? node : sdk;
  const { process } = victim;
  const told = (what: string) => world.trace(process.name, `${what} for ${span.toFixed(0)} ms`);
  switch (random.chance(plan.focusShare) ? plan.focus : random.int(FAULTS)) {
    case 0: {
      world.trace('database', `parted from ${node.process.name} for ${span.toFixed(0)} ms`);
      network.part('database', node.process.name, span);
      break;
    }
    case 4: {
      const { name } = node.process;
      world.trace(sdk.process.name, `parted from ${name} for ${span.toFixed(0)} ms`);
      network.part(sdk.process.name, name, span);
      // Its next stream may start within the partition.
      if (random.chance(0.5)) sdk.cut();
      break;
    }
    case 1: {
      const suspended = process.habit === 'suspended' && random.chance(0.7);
      told(suspended ? 'suspended' : 'paused');
      // The application may get its turn before the network does.
      process.pause(span, suspended, () => victim === sdk && sdk.probe());
      break;
    }
    case 2:
      told('restarted');
      victim.restart(Math.min(span, 3_000));
      break;
    case 3:
      world.trace(sdk.process.name, 'stream cut');
      sdk.cut();
      break;
    default: {
      const size = random.pick([300, 1_800, 4_000, 15_000, 3_600_000]) * random.between(0.5, 1);
      // A machine that is suspended must not lose its wall clock too: nothing could tell it how long it slept.
      const step = process.habit === 'suspended' || random.chance(0.5) ? size : -size;
      world.trace(process.name, `wall clock steps by ${step.toFixed(0)} ms`);
      process.step(step);
      if (process.habit === 'wall steps' && random.chance(0.3)) timeline.after(span, () => process.step(-step));
    }
  }
}
