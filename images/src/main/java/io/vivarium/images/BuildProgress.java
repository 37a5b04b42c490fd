package io.vivarium.images;

/** Hears of the steps of a build, from any thread, and may call it off. */
public interface BuildProgress {
  /**
   * @param step what is being done, a phrase for the user ("fetching busybox-static")
   * @param fraction 0.0 to 1.0 of the whole, or negative when unknown
   */
  void update(String step, double fraction);

  /** A line of detail: what a tool printed. */
  default void line(String text) {}

  /** Asked between steps and while waiting; once true, the build undoes what it began. */
  default boolean cancelled() {
    return false;
  }

  BuildProgress NONE = (step, fraction) -> {};
}
