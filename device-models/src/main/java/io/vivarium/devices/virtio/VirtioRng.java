package io.vivarium.devices.virtio;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestMemory;

/**
 * An entropy device (virtio 1.2, 5.4).
 *
 * <p>Wiring: {@code new VirtioRng("rng0", memory, source)}, the source being the host's, never a
 * saved one: two forks must not draw the same numbers.
 */
public final class VirtioRng extends VirtioDevice<VirtioRng.State> {
  /** Fills an array with random bytes; must not block for long. */
  @FunctionalInterface
  public interface Source {
    void fill(byte[] target);
  }

  /** Saved state: there is none. */
  public record State(int version) {}

  private static final int VERSION = 1;
  private static final int TYPE = 4;

  /** More than any driver asks for at once; a giant buffer is filled in part, as is allowed. */
  private static final int MAX_BYTES = 64 << 10;

  private final Source source;

  public VirtioRng(String id, GuestMemory memory, Source source) {
    super(id, TYPE, 0, memory, 256);
    this.source = source;
  }

  @Override
  protected long process(Virtqueue queue, DescriptorChain chain) throws GuestFaultException {
    GuestBuffer target = chain.writable();
    byte[] bytes = new byte[(int) Math.min(target.remaining(), MAX_BYTES)];
    source.fill(bytes);
    target.put(bytes);
    return bytes.length;
  }

  @Override
  protected byte[] configuration() {
    return new byte[0];
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public State save() {
    return new State(VERSION);
  }

  @Override
  public void restore(State state) throws BadStateException {
    new StateCheck(id()).version(state.version, VERSION);
  }
}
