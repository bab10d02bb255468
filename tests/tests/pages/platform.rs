//! The platform's own staff: a business is stopped and goes on, and what was sold works all the while.

use mnara_tests::browser::Screen;

use super::{person, set};

#[tokio::test]
async fn a_stopped_business_sells_nothing_and_what_was_sold_works() {
    let (stage, chromium) = set().await;
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    let admin = person(&stage, &chromium, "admin@example.com").await;
    admin
        .open(&url("/admin/providers?search=Mnara+Wi-Fi"))
        .await
        .unwrap();
    // One press only asks; the second does it.
    admin.touch("Stop").await.unwrap();
    admin.sees("Its sites sell nothing").await.unwrap();
    admin.press("Stop this business").await.unwrap();
    admin.sees("Let go on").await.unwrap();

    let owner = person(&stage, &chromium, "owner@example.com").await;
    owner.sees("This business is stopped").await.unwrap();
    let (phone, router) = (&stage.phones[0].0, &world.site.router);
    world
        .until("the portal says that nothing is sold", async || {
            let home = phone.home(router).await?;
            Ok(home.says("M-PESA sales are closed here").then_some(()))
        })
        .await
        .unwrap();
    let customer = chromium.person(Screen::PHONE).await.unwrap();
    let home = format!("http://{}/portal/", stage.phones[0].1);
    customer.open(&home).await.unwrap();
    customer.sees("M-PESA sales are closed here").await.unwrap();
    assert_eq!(customer.faults().await.unwrap(), Vec::<String>::new());
    phone.redeem(router, &stage.hours[0]).await.unwrap();
    phone.comes_online(router).await.unwrap();

    admin
        .open(&url("/admin/providers?search=Mnara+Wi-Fi"))
        .await
        .unwrap();
    admin.press("Let go on").await.unwrap();
    let (other, _) = &stage.phones[1];
    world
        .until("the portal sells again", async || {
            let home = other.home(router).await?;
            Ok(home.says("Buy with M-PESA").then_some(()))
        })
        .await
        .unwrap();
    stage.end().await.unwrap();
}
