//! The story that the demo plays with `--once`, from the first customer to a business that pays again, is true.

use mnara_tests::story::tell;

#[tokio::test]
async fn the_story_of_the_demo_is_true() {
    let mut say = |line: &str| println!("{line}");
    Box::pin(tell(&mut say)).await.unwrap();
}
