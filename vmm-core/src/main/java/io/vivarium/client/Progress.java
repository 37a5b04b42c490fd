package io.vivarium.client;

/** Hears of long work, from any thread, and may call it off. */
public interface Progress {
  /**
   * @param step what is being done, a phrase for the user ("fetching linux-image-cloud-amd64")
   * @param fraction 0.0 to 1.0 of the whole, or negative when unknown
   */
  void update(String step, double fraction);

  /** A line of detail: a log line, or guest console output. */
  default void line(String text) {}

  /** Asked between steps; once true, the work undoes what it began and ends with CANCELLED. */
  default boolean cancelled() {
    return false;
  }

  Progress NONE = (step, fraction) -> {};
}
