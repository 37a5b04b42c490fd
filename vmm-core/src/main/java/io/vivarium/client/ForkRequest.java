package io.vivarium.client;

import org.jspecify.annotations.Nullable;

/**
 * Live copies of a VM that share its memory and disks, copied when written.
 *
 * @param snapshot of which node (id or name), which must be live; null: of the VM as it is now,
 *     which must run
 * @param count how many, 1 to {@value #MOST}
 * @param name of the copy, with "-1", "-2"... where there are several; null: the VM's name with the
 *     first numbers that are free
 * @param disposable whether a copy leaves nothing behind when it ends
 */
public record ForkRequest(
    @Nullable String snapshot, int count, @Nullable String name, boolean disposable) {
  /** Most copies that one request makes. */
  public static final int MOST = 1000;
}
