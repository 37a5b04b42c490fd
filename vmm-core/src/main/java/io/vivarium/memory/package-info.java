/**
 * The saved memory of machines, as files. A save writes the pages that changed since the one before
 * into a new <em>layer</em> ({@link io.vivarium.memory.LayerWriter}): {@code memory/<id>.mem}, in
 * which byte n is byte n of RAM and what it does not hold is a hole, with the checksums of its
 * pages in {@code memory/<id>.sums} ({@link io.vivarium.memory.LayerSums}). A {@link
 * io.vivarium.memory.MemoryMap} says for each page of RAM which layer it is read from. Layers are
 * sealed once they have their name: never written again, but for holes punched into what no map
 * reads any more. Any number of maps, in any number of folders by hard links, share them.
 *
 * <p>What is read from these files is hostile: every count and place is checked when a file is
 * read, once, by the class that reads it.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.memory;
