package io.vivarium.images;

/** What failed about an image, why, and what to do next. */
public final class ImageException extends Exception {
  /** What sort of failure, for exit codes. */
  public enum Kind {
    /** No such image, recipe or package. */
    NOT_FOUND,
    /** The host lacks a program, the network, a permission or disk space. */
    HOST,
    /** A package, image or manifest that is damaged. */
    BAD_FILE,
    CANCELLED
  }

  private final Kind kind;
  private final String cure;

  /**
   * @param what what failed and why, one sentence
   * @param cure what to do next, one sentence, or empty
   */
  public ImageException(Kind kind, String what, String cure) {
    super(what);
    this.kind = kind;
    this.cure = cure;
  }

  public ImageException(Kind kind, String what, String cure, Throwable cause) {
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

  /** The build was called off. */
  public static ImageException cancelled(String what) {
    return new ImageException(Kind.CANCELLED, what + " was called off.", "");
  }
}
