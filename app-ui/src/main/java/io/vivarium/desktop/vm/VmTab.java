package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.desktop.ui.Command;
import java.util.List;

/** A tab of a VM's page; the node itself implements it. */
interface VmTab {
  /** The VM is now so; also told while another tab is shown. */
  default void follow(VmInfo info) {}

  /** It was chosen: read what it shows, take the keyboard. */
  default void shown() {}

  /** A second has passed while it is shown. */
  default void tick() {}

  /** The verbs that make sense while it is shown. */
  default List<Command> commands() {
    return List.of();
  }

  /** The page is left for good. */
  default void close() {}
}
