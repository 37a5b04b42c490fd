package io.vivarium.client;

/**
 * One line of {@code viv doctor}.
 *
 * @param id stable, for scripts: "kvm", "kvm.access", "assist", "memory", "disk", "jdk", "gtk"...
 * @param title for people
 * @param detail what was found
 * @param cure what to do, or empty when all is well
 */
public record HostCheck(String id, String title, Status status, String detail, String cure) {
  /** How bad it is. */
  public enum Status {
    OK,
    /** Works, with a limit that the detail names. */
    NOTE,
    /** Something optional does not work. */
    WARNING,
    /** VMs cannot run. */
    ERROR
  }
}
