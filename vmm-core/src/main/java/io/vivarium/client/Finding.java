package io.vivarium.client;

/**
 * Something that {@code viv fsck} found.
 *
 * @param where the VM, snapshot, image or file, by its name
 * @param what is wrong, in one sentence
 * @param repair what repairing does about it, in one sentence; empty when nothing can be done
 * @param repaired whether that was done
 * @param loss whether something of the user's is gone or cannot be read; else it is only litter
 */
public record Finding(String where, String what, String repair, boolean repaired, boolean loss) {}
