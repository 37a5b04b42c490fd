package io.vivarium.devices;

/**
 * The one lifecycle of all devices. {@code S} is the saved state: a record, apart from the runtime
 * type, whose first component is {@code int version}.
 *
 * <p>Order of calls: built by the machine's assembly, then {@link #restore} at most once, then
 * {@link #resume} and {@link #pause} in turn, then {@link #close}. {@link #save} and {@link #reset}
 * are called only while paused. After {@link #pause} returns, the device touches neither guest
 * memory nor its backend nor its interrupt line until {@link #resume}; requests in flight have
 * completed.
 */
public interface Device<S extends Record> extends AutoCloseable {
  /** Unique in its machine and stable from one run to the next: names the state in a snapshot. */
  String id();

  /** The record that {@link #save} returns. */
  Class<S> stateType();

  S save();

  /**
   * Takes a saved state, checked as if an enemy had written it: version, cursors, lengths and
   * counts are validated against this device before anything changes.
   *
   * @throws BadStateException naming the field, when the state cannot be this device's
   */
  void restore(S state) throws BadStateException;

  /** As after power-on. */
  void reset();

  void pause();

  void resume();

  @Override
  void close();
}
