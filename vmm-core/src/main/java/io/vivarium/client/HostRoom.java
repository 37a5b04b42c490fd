package io.vivarium.client;

/**
 * Room on the file system that the library is on.
 *
 * @param place the library's folder
 * @param freeBytes that this user may still write
 */
public record HostRoom(String place, long freeBytes) {
  /** With less than this in bytes, snapshots and running guests may soon find the disk full. */
  private static final long LITTLE = 2048 * Sizes.MIB;

  /** Whether it will soon be full. */
  public boolean little() {
    return freeBytes < LITTLE;
  }
}
