package io.vivarium.client;

/**
 * What failed, with the object's name, why, and what to do next: the sentence that {@code viv} and
 * the desktop show.
 */
public final class VivariumException extends Exception {
  /** For exit codes, JSON and the cure that a user interface offers. */
  public enum Kind {
    /** A name, size or option that cannot be; exit code 2. */
    USAGE,
    /** No such VM, image or snapshot. */
    NOT_FOUND,
    /** The name is taken, or somebody else was first. */
    CONFLICT,
    /** The VM is in a state in which this cannot be done. */
    WRONG_STATE,
    /** The host lacks something: /dev/kvm, a permission, memory, disk space, a program. */
    HOST,
    /** A kernel, image or snapshot file that is damaged or hostile. */
    BAD_FILE,
    /** The guest did not do its part: no agent, no answer. */
    GUEST,
    CANCELLED,
    INTERNAL
  }

  private final Kind kind;
  private final String cure;

  /**
   * @param what what failed and why, one sentence
   * @param cure what to do next, one sentence, or empty
   */
  public VivariumException(Kind kind, String what, String cure) {
    super(what);
    this.kind = kind;
    this.cure = cure;
  }

  public VivariumException(Kind kind, String what, String cure, Throwable cause) {
    super(what, cause);
    this.kind = kind;
    this.cure = cure;
  }

  public Kind kind() {
    return kind;
  }

  public String cure() {
    return cure;
  }
}
