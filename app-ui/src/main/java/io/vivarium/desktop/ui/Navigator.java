package io.vivarium.desktop.ui;

import io.vivarium.desktop.wizard.WizardStart;

/** Leads from one page to another. */
public interface Navigator {
  /** One of the rail's places. */
  void go(Place place);

  /** The page of a VM. */
  void openVm(String name);

  /** The page of a VM, in a window of its own. */
  void detachVm(String name);

  /** A snapshot in its VM's timeline. */
  void openSnapshot(String vm, String id);

  /** The page that makes a new VM. */
  void openWizard(WizardStart start);

  /** Whether this page is the one that is shown. */
  boolean shows(Page page);

  /** Opens or closes the activity drawer. */
  void toggleActivity();
}
